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
        features: "features.sql",
        columns: {
          plan: { ...columns.plan, closed: false, required: false },
          region: { ...columns.region, required: false },
          calls: { ...columns.calls, required: false },
          spend: columns.spend,
        },
      },
      entities: {},
      algorithms: [{ ...spec.algorithms[0], space: {} }],
      imbalance: "none",
      search: null,
      training: { instanceCount: 1, features: "duckdb" },
      checks: {
        missing: {},
        unseenShare: 0.05,
        duplicateShare: 0.01,
        minClassShare: 0.01,
        singleColumnStrength: 0.95,
        freshnessDays: null,
        drift: { psi: 0.25, share: 0.5 },
      },
      retraining: { ...spec.retraining, schedule: "cron(0 2 ? * SUN *)" },
      serving: { ...spec.serving, capacity: null },
      rollout: {
        strategy: { kind: "all-at-once" },
        guards: { minRequests: 20, p99Millis: 500, p99Ratio: 3, refusedShare: 0.05, meanShift: 0.5 },
        probesPerMinute: 60,
      },
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
        set(spec.source.columns.calls, { type: "colour" });
        set(spec.task, { prior: 1 });
        set(spec.split.shares, { train: 0.6 });
        set(spec.algorithms[0]!.hyperparameters, { max_depth: 99, eta: "fast" });
        set(spec.gate, { primary: "accuracy" });
        set(spec.retraining, { schedule: "every sunday", dailyBudget: 1.5 });
        set(spec.serving, { mode: "car" });
      }),
    ).toEqual([
      'workload spec "churn" is refused, 13 faults:',
      '  title: given ""; Too small: expected string to have >=1 characters',
      '  source.path: given "../secrets.csv"; expected data/<file>.csv or data/<file>.csv.gz',
      "  source.minRows: given 0; Too small: expected number to be >0",
      "  source.columns.calls.type: given \"colour\"; Invalid discriminator value. Expected 'category' | 'code' | 'integer' | 'number' | 'date'",
      "  task.prior: given 1; Too big: expected number to be <1",
      '  split.shares: given {"train":0.6,"validation":0.125,"calibration":0.125,"holdout":0.125,"audit":0.12…; the shares must add up to 1',
      "  algorithms.0.hyperparameters.max_depth: given 99; Too big: expected number to be <=12",
      '  algorithms.0.hyperparameters.eta: given "fast"; expected number, received string',
      '  gate.primary: given "accuracy"; Invalid option: expected one of "rocAuc"|"rps"|"rmse"',
      '  retraining.schedule: given "every sunday"; expected cron(…) or rate(…)',
      "  retraining.dailyBudget: given 1.5; expected int, received number",
      "  serving.mode: given \"car\"; Invalid discriminator value. Expected 'realtime' | 'serverless' | 'lambda'",
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

  it.each([
    ["realtime", "all-at-once, canary, linear, shadow, experiment"],
    ["serverless", "all-at-once"],
    ["lambda", "all-at-once, canary, linear"],
  ])("that is served %s can be rolled out by %s alone", (mode, supported) => {
    const served = {
      realtime: {},
      serverless: { memoryMiB: 2048, maxConcurrency: 5 },
      lambda: { memoryMiB: 1024 },
    }[mode];
    const strategies = [
      { kind: "all-at-once" },
      { kind: "canary", percent: 10, waitSeconds: 300 },
      { kind: "linear", stepPercent: 25, waitSeconds: 60 },
      { kind: "shadow", requests: 100, maxMinutes: 60, samplePercent: 50 },
      { kind: "experiment", share: 0.5, worthwhileGain: 0.01, maxDays: 30 },
    ];
    const answers = strategies.map((strategy) => {
      const spec = {
        ...churnSpec(),
        serving: { mode, maxRecords: 100, maxBodyKiB: 512, ...served },
        rollout: { strategy },
      } as WorkloadSpecInput;
      try {
        return defineWorkload(spec).rollout.strategy.kind;
      } catch (error) {
        return (error as Error).message.split("\n")[1];
      }
    });
    expect(answers).toEqual(
      strategies.map(({ kind }) =>
        supported.split(", ").includes(kind)
          ? kind
          : `  rollout.strategy.kind: given "${kind}"; a ${mode} model can't be rolled out so; expected one of ${supported}`,
      ),
    );
  });

  it("whose rollout, examples or capacity can't be is refused with all faults at once", () => {
    expect(
      faultsOf((spec) => {
        set(spec, {
          examples: [{ plan: "gold", calles: 3 }],
          rollout: {
            strategy: {
              kind: "experiment",
              share: 0.6,
              stickyBy: "left",
              worthwhileGain: 0,
              maxDays: 30,
            },
          },
        });
        set(spec.serving, {
          capacity: {
            minInstances: 3,
            maxInstances: 2,
            invocationsPerInstance: 100,
            schedules: [{ name: "night", schedule: "cron(0 20 * * ? *)", minInstances: 2, maxInstances: 1 }],
          },
        });
      }),
    ).toEqual([
      'workload spec "churn" is refused, 6 faults:',
      "  serving.capacity.maxInstances: given 2; expected at least minInstances (3)",
      "  serving.capacity.schedules.0.maxInstances: given 1; expected at least minInstances (2)",
      "  rollout.strategy.share: given 0.6; Too big: expected number to be <=0.5",
      "  rollout.strategy.worthwhileGain: given 0; Too small: expected number to be >0",
      "  examples.0.calles: given 3; expected one of plan, region, calls, spend, calls_before",
      '  rollout.strategy.stickyBy: given "left"; expected one of plan, region, calls, spend, row_id, customer',
    ]);
  });

  it("whose experiment asks for more than can be gained is refused; a caller may stick by what no model reads", () => {
    const experiment = (worthwhileGain: number) =>
      faultsOf((spec) => {
        const strategy = {
          kind: "experiment",
          share: 0.1,
          stickyBy: "customer",
          worthwhileGain,
          maxDays: 30,
        };
        set(spec, { rollout: { strategy } });
      });
    expect(experiment(1)).toEqual([
      'workload spec "churn" is refused, 1 fault:',
      "  rollout.strategy.worthwhileGain: given 1; expected less than 1, the largest loss that one prediction can have",
    ]);
    expect(experiment(0.99)).toEqual([]);
  });

  it("whose search, lookups, gate or classes can't be is refused with all faults at once", () => {
    expect(
      faultsOf((spec) => {
        set(spec.algorithms[0]!, {
          space: {
            max_depth: { type: "int", min: 2, max: 40 },
            eta: { type: "float", min: 0, max: 1, log: true },
            leaves: { type: "choice", values: [1, 2] },
          },
        });
        set(spec, {
          entities: {
            plan_form: {
              description: "A plan.",
              key: "plan",
              maxAge: 30,
              lookups: [
                { by: "plan", columns: { calls_before: "calls", spend: "spend" } },
                { by: "shop", columns: { calls_before: "calls" } },
              ],
            },
          },
          checks: { missing: { age: 0.1 } },
        });
        set(spec.gate, { primary: "rmse", calibration: { coverage: [0.88, 0.92] } });
      }),
    ).toEqual([
      'workload spec "churn" is refused, 9 faults:',
      "  checks.missing.age: given 0.1; expected one of plan, region, calls, spend, calls_before",
      '  entities.plan_form.lookups.0.columns.spend: given "spend"; expected one of calls_before',
      '  entities.plan_form.lookups.1.by: given "shop"; expected one of plan, region, calls, spend',
      '  entities.plan_form.lookups.1.columns.calls_before: given "calls"; another lookup fills this column',
      '  gate.primary: given "rmse"; is no metric of a binary task; expected one of rocAuc',
      '  gate.calibration: given {"coverage":[0.88,0.92]}; of a binary task expected slope and meanZ',
      '  algorithms.0.space.max_depth: given {"type":"int","min":2,"max":40}; 40 lies outside xgboost\'s domain: Too big: expected number to be <=12',
      '  algorithms.0.space.eta: given {"type":"float","min":0,"max":1,"log":true}; min must be above 0 where the logarithm is searched',
      '  algorithms.0.space.leaves: given {"type":"choice","values":[1,2]}; not a hyperparameter of xgboost to search; expected one of num_round, early_stopping_rounds, max_depth, eta, min_child_weight, subsample, colsample_bytree, reg_lambda, reg_alpha, gamma, max_bin',
    ]);
  });

  it.each([
    [
      "multiclass",
      {
        kind: "multiclass",
        target: "left",
        classes: [
          { name: "loss", levels: ["L"], prior: 0.3 },
          { name: "draw", levels: ["D", "L"], prior: 0.3 },
          { name: "loss", levels: ["W"], prior: 0.3 },
        ],
      },
      [
        '  task.classes: given [{"name":"loss","levels":["L"],"prior":0.3},{"name":"draw","levels":["D","L"],"p…; the priors must add up to 1',
        '  task.classes.1.levels: given ["D","L"]; "L" also means class 0; a level means one class',
        '  task.classes.2.name: given "loss"; another class has this name',
        '  gate.primary: given "rocAuc"; is no metric of a multiclass task; expected one of rps',
      ],
    ],
    [
      "regression",
      {
        kind: "regression",
        target: "left",
        unit: "days",
        min: 4,
        max: 40,
        coverage: 0.9,
        prior: { median: 3, lower: 5, upper: 20 },
      },
      [
        '  task.prior: given {"median":3,"lower":5,"upper":20}; expected min ≤ lower ≤ median ≤ upper ≤ max',
        '  gate.primary: given "rocAuc"; is no metric of a regression task; expected one of rmse',
        '  gate.calibration: given {"slope":[0.8,1.25],"meanZ":2.6}; of a regression task expected coverage',
      ],
    ],
  ])("with an impossible %s task is refused", (_, task, faults) => {
    expect(faultsOf((spec) => set(spec, { task }))).toEqual([
      `workload spec "churn" is refused, ${faults.length} faults:`,
      ...faults,
    ]);
  });

  it.each([
    [
      { by: "time", group: "customer", starts: { validation: 5, calibration: 5, holdout: 6, audit: 7 } },
      [
        '  split.starts: given {"validation":5,"calibration":5,"holdout":6,"audit":7}; expected validation < calibration < holdout < audit',
      ],
    ],
    [
      { by: "column", group: "customer", column: "part" },
      ['  split.column: given "part"; expected one of plan, region, calls, spend, row_id, customer, left'],
    ],
  ])("with an impossible split is refused: %j", (split, faults) => {
    expect(faultsOf((spec) => set(spec, { split }))).toEqual([
      'workload spec "churn" is refused, 1 fault:',
      ...faults,
    ]);
  });

  it("reports what is out of shape and what doesn't fit together in one answer", () => {
    expect(
      faultsOf((spec) => {
        set(spec, { title: 7 });
        set(spec.source.columns.calls, { type: "colour" });
        set(spec.split, { group: "household" });
        spec.features.push({ kind: "number", name: "age", column: "age" });
      }),
    ).toEqual([
      'workload spec "churn" is refused, 4 faults:',
      "  title: given 7; expected string, received number",
      "  source.columns.calls.type: given \"colour\"; Invalid discriminator value. Expected 'category' | 'code' | 'integer' | 'number' | 'date'",
      '  split.group: given "household"; expected one of plan, region, calls, spend, row_id, customer, left',
      '  features.4: given {"kind":"number","name":"age","column":"age"}; reads "age"; expected one of plan, region, calls, spend, calls_before',
    ]);
  });

  it.each(["constructor", 7, null, undefined, []])("that is %j is refused, not thrown over", (spec) => {
    expect(() => defineWorkload(spec as unknown as WorkloadSpecInput)).toThrow(InvalidInput);
  });
});
