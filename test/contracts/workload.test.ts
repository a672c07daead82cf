import { defineWorkload, InvalidInput, type WorkloadSpecInput } from "@perennial/contracts";
import { describe, expect, it } from "vitest";
import { churnSpec } from "./churn-spec.ts";

type Spoil = (spec: ReturnType<typeof churnSpec>) => unknown;

/** The faults that `defineWorkload` finds in a spec that was spoilt, as the lines of its message. */
function faultsOf(spoil: Spoil): string[] {
  const spec = churnSpec();
  spoil(spec);
  try {
    defineWorkload(spec);
  } catch (error) {
    if (error instanceof InvalidInput) return error.message.split("\n");
    throw error;
  }
  return [];
}

const set = (object: object, values: object) => void Object.assign(object, values);

describe("a workload spec", () => {
  it("gets its defaults, and is otherwise as it was written", () => {
    const spec = churnSpec();
    const { columns } = spec.source;
    expect(defineWorkload(spec)).toEqual({
      ...spec,
      source: {
        ...spec.source,
        columns: {
          plan: { ...columns.plan, closed: false, required: false },
          region: { ...columns.region, required: false },
          calls: { ...columns.calls, required: false },
          spend: columns.spend,
        },
      },
      retraining: { ...spec.retraining, schedule: "cron(0 2 ? * SUN *)" },
    });
  });

  it("is plain data: written as JSON and read again, it is the same spec", () => {
    const spec = defineWorkload(churnSpec());
    const read: unknown = JSON.parse(JSON.stringify(spec));
    expect(read).toStrictEqual(spec);
    expect(defineWorkload(read as WorkloadSpecInput)).toStrictEqual(spec);
  });

  it("that is malformed is refused with all faults at once, each with path, value given and values allowed", () => {
    expect(
      faultsOf((spec) => {
        set(spec, { title: "", colour: "red" });
        set(spec.source, { path: "../secrets.csv", minRows: 0 });
        set(spec.source.columns.calls, { type: "date" });
        set(spec.task, { prior: 1 });
        set(spec.split.shares, { train: 0.6 });
        set(spec.algorithm.hyperparameters, { max_depth: 99, eta: "fast" });
        set(spec.gate, { primary: "accuracy" });
        set(spec.retraining, { schedule: "every sunday", dailyBudget: 1.5 });
        set(spec.serving, { mode: "serverless" });
      }),
    ).toEqual([
      'workload spec "churn" is refused, 13 faults:',
      '  title: given ""; Too small: expected string to have >=1 characters',
      '  source.path: given "../secrets.csv"; expected data/<file>.csv or data/<file>.csv.gz',
      "  source.minRows: given 0; Too small: expected number to be >0",
      "  source.columns.calls.type: given \"date\"; Invalid discriminator value. Expected 'category' | 'code' | 'integer' | 'number'",
      "  task.prior: given 1; Too big: expected number to be <1",
      '  split.shares: given {"train":0.6,"validation":0.125,"calibration":0.125,"holdout":0.125,"audit":0.12…; the shares must add up to 1',
      "  algorithm.hyperparameters.max_depth: given 99; Too big: expected number to be <=12",
      '  algorithm.hyperparameters.eta: given "fast"; expected number, received string',
      '  gate.primary: given "accuracy"; expected "rocAuc"',
      '  retraining.schedule: given "every sunday"; expected cron(…) or rate(…)',
      "  retraining.dailyBudget: given 1.5; expected int, received number",
      '  serving.mode: given "serverless"; expected "realtime"',
      "  colour: unknown key; remove it or correct its spelling",
    ]);
  });

  it("whose parts don't fit together is refused with all faults at once", () => {
    expect(
      faultsOf((spec) => {
        set(spec.source, { key: "id" });
        set(spec.source.unused, { plan: "not wanted" });
        set(spec.source.columns.calls, { min: 10, max: 10 });
        set(spec.source.columns.region, { pattern: "[A-Z" });
        set(spec.derived, { calls: { ...spec.derived.calls_before, min: 5, max: 2 } });
        set(spec.task, { target: "spend", negative: ["no", "yes"] });
        set(spec.gate.slices, { columns: ["plan", "age"] });
        spec.features.push(
          { kind: "number", name: "calls", column: "calls" },
          { kind: "number", name: "age", column: "age" },
          { kind: "product", name: "early", factors: ["calls", "later"] },
        );
      }),
    ).toEqual([
      'workload spec "churn" is refused, 12 faults:',
      '  source.key: given "id"; expected one of plan, region, calls, spend, row_id, customer, left',
      '  gate.slices.columns.1: given "age"; expected one of plan, region, calls, spend, row_id, customer, left',
      '  source.unused.plan: given "not wanted"; also stands in source.columns; a column is one or the other',
      '  derived.calls: given {"type":"integer","description":"Earlier calls.","min":5,"max":2,"withheldShare"…; the source already has a column of this name',
      '  task.target: given "spend"; the target is also an input in source.columns; move it to source.unused',
      '  task.negative: given ["no","yes"]; "yes" is both positive and negative',
      '  source.columns.region.pattern: given "[A-Z"; expected a regular expression',
      "  source.columns.calls.max: given 10; max must be above min (10)",
      "  derived.calls.max: given 2; max must be above min (5)",
      '  features.4.name: given "calls"; another feature has this name',
      '  features.5: given {"kind":"number","name":"age","column":"age"}; reads "age"; expected one of plan, region, calls, spend, calls_before',
      '  features.6.factors: given ["calls","later"]; "later" is not a feature of one column declared before it',
    ]);
  });

  it("reports what is out of shape and what doesn't fit together in one answer", () => {
    expect(
      faultsOf((spec) => {
        set(spec, { title: 7 });
        set(spec.source.columns.calls, { type: "date" });
        set(spec.split, { group: "household" });
        spec.features.push({ kind: "number", name: "age", column: "age" });
      }),
    ).toEqual([
      'workload spec "churn" is refused, 4 faults:',
      "  title: given 7; expected string, received number",
      "  source.columns.calls.type: given \"date\"; Invalid discriminator value. Expected 'category' | 'code' | 'integer' | 'number'",
      '  split.group: given "household"; expected one of plan, region, calls, spend, row_id, customer, left',
      '  features.4: given {"kind":"number","name":"age","column":"age"}; reads "age"; expected one of plan, region, calls, spend, calls_before',
    ]);
  });

  it.each(["constructor", 7, null, undefined, []])("that is %j is refused, not thrown over", (spec) => {
    expect(() => defineWorkload(spec as unknown as WorkloadSpecInput)).toThrow(InvalidInput);
  });
});
