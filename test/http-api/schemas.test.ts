import { join } from "node:path";
import type { EndpointRecord, WorkloadSpec } from "@perennial/contracts";
import { gatewayResponses, PROBLEMS, recordDocument, requestModel } from "@perennial/http-api";
import { loadArtifact } from "@perennial/scoring";
import { Ajv } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import * as fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { buildBaseline } from "../../infra/components/endpoint/baseline.ts";
import { readWorkloads } from "../../infra/workloads.ts";
import { TEST_SPEC } from "../support/test-workload.ts";

/** The tests' workload with a model that reads all of its columns. */
const SPEC: WorkloadSpec = {
  ...TEST_SPEC,
  features: Object.keys(TEST_SPEC.source.columns).map((column) => ({
    kind: "missing",
    name: `${column}_missing`,
    column,
  })),
};

const validator = (spec: WorkloadSpec) =>
  new Ajv2020({ strict: false, allErrors: true }).compile(recordDocument(spec));
const gateway = (spec: WorkloadSpec) => {
  const { $schema: _, ...model } = requestModel(spec);
  return new Ajv({ strict: false }).compile(model);
};

describe("the schema of a record", () => {
  const fits = validator(SPEC);

  it.each<[unknown, boolean]>([
    [{ days: 3 }, true],
    [{ days: "3" }, true],
    [
      { days: 3, sex: null, ward: "?", diagnosis: "V27.1", weight: 70.5, discharge: 1, payer: { any: 1 } },
      true,
    ],
    [{ days: 3, sex: "" }, true],
    [{ days: 3, ward: "never seen" }, true],
    // It may be refused nevertheless: a schema can't compare a number within a text.
    [{ days: "300" }, true],
    [{}, false],
    [{ days: null }, false],
    [{ days: 3.5 }, false],
    [{ days: 15 }, false],
    [{ days: "three" }, false],
    [{ days: 3, sex: "female" }, false],
    [{ days: 3, sex: 1 }, false],
    [{ days: 3, ward: ["2"] }, false],
    [{ days: 3, ward: "x".repeat(257) }, false],
    [{ days: 3, diagnosis: "seven" }, false],
    [{ days: 3, weight: true }, false],
    [{ days: 3, shoe_size: 44 }, false],
    [[], false],
    [null, false],
  ])("%j: %j", (record, expected) => {
    expect(fits(record)).toBe(expected);
  });
});

describe("the description of a column", () => {
  const match: WorkloadSpec = {
    ...TEST_SPEC,
    source: {
      ...TEST_SPEC.source,
      time: "day",
      columns: {
        team: {
          type: "category",
          description: "Who plays",
          levels: ["Ajax", "PSV"],
          closed: false,
          required: true,
        },
        day: { type: "integer", description: "Day of the match", min: 1, max: 9, required: true },
        crowd: { type: "integer", description: "Who came", min: 0, max: 9, required: false },
      },
    },
    derived: {
      form: { type: "number", description: "Latest goals", min: 0, max: 9, withheldShare: 0 },
    },
    entities: {
      team_form: {
        description: "How it went",
        key: "team",
        maxAge: 9,
        lookups: [{ by: "team", columns: { form: "goals" } }],
      },
    },
    features: [{ kind: "missing", name: "form_missing", column: "form" }],
  };
  const described = (spec: WorkloadSpec) => {
    const { properties } = recordDocument(spec) as { properties: Record<string, { description: string }> };
    return Object.fromEntries(Object.keys(spec.source.columns).map((name) => [name, properties[name]]));
  };

  it("says that states are found by it, though no feature reads it", () => {
    expect(described(match)).toEqual({
      team: { description: "Who plays. Known: Ajax, PSV. What is left out is looked up by it (team_form)." },
      day: {
        description:
          "Day of the match. From 1 to 9. What is left out is looked up for this time (team_form).",
      },
      crowd: { description: "Who came. The model doesn't read it." },
    });
  });

  it("says that the model doesn't read it where nothing is looked up", () => {
    expect(described({ ...match, entities: {} })).toEqual({
      team: { description: "Who plays. The model doesn't read it." },
      day: { description: "Day of the match. The model doesn't read it." },
      crowd: { description: "Who came. The model doesn't read it." },
    });
  });
});

describe("every workload", () => {
  let specs: WorkloadSpec[];

  beforeAll(async () => {
    const workloads = await readWorkloads(join(import.meta.dirname, "../../workloads"), []);
    specs = workloads.map(({ spec }) => spec);
  });

  it("has examples that fit its schema and its gateway's model, alone and together", () => {
    for (const spec of specs) {
      const [fits, passes] = [validator(spec), gateway(spec)];
      expect([spec.name, spec.examples.map((example) => fits(example))]).toEqual([
        spec.name,
        spec.examples.map(() => true),
      ]);
      expect(passes({ records: spec.examples })).toBe(true);
      expect(spec.examples.every((example) => passes(example))).toBe(true);
    }
  });

  it("has a model within the 400 KB that API Gateway allows", () => {
    expect(specs.filter((spec) => JSON.stringify(requestModel(spec)).length > 400_000)).toEqual([]);
  });

  // What the endpoint takes must fit, or the document would tell callers to send less than they may.
  it("answers no record that its schema or its gateway refuses", async () => {
    for (const spec of specs) {
      const artifact = await loadArtifact(await buildBaseline(spec, JSON.stringify(spec)));
      const [fits, passes] = [validator(spec), gateway(spec)];
      const [example = {}] = spec.examples;
      const names = [...Object.keys(spec.source.columns), ...Object.keys(spec.derived), "unknown"];
      const value = fc.oneof(
        fc.constantFrom(null, "", "?", "1", "0x10", "1e2", "-3", true, false, [], {}, "2026-05-23"),
        fc.integer({ min: -5, max: 300 }),
        fc.double(),
        fc.string(),
        fc.constantFrom(...Object.values(example)),
      );
      const change = fc.record({ name: fc.constantFrom(...names), value });
      await fc.assert(
        fc.asyncProperty(fc.array(change, { maxLength: 2 }), async (changes) => {
          const changed = Object.fromEntries(changes.map((one) => [one.name, one.value] as const));
          const record = JSON.parse(JSON.stringify({ ...example, ...changed })) as EndpointRecord;
          const isAnswered = await artifact.score([record]).then(
            () => true,
            () => false,
          );
          expect({ record, isRefused: isAnswered && !(fits(record) && passes(record)) }).toEqual({
            record,
            isRefused: false,
          });
        }),
        { numRuns: 150 },
      );
      await artifact.close();
    }
  }, 120_000);
});

describe("the gateway's model", () => {
  const passes = gateway(SPEC);

  it("leaves values and unknown names to the model, which names every fault", () => {
    expect(passes({ days: 300, shoe_size: 44, sex: "x" })).toBe(true);
  });

  it.each<[unknown]>([
    [[]],
    ["text"],
    [null],
    [{ days: {} }],
    [{ sex: ["Female"] }],
    [{ records: [] }],
    [{ records: {} }],
    [{ records: ["text"] }],
    [{ records: Array.from({ length: 1001 }, () => ({ days: 1 })) }],
  ])("refuses what has no shape of a request", (body) => {
    expect(passes(body)).toBe(false);
  });
});

describe("the gateway's own answers", () => {
  it("are problems, of a status that the kind of problem has", () => {
    for (const { responseType, statusCode, template } of gatewayResponses(false)) {
      const told = JSON.parse(template) as { type: string; status: number };
      const kind = told.type.split(":").at(-1) as keyof typeof PROBLEMS;
      expect([responseType, told.status, Number(statusCode)]).toEqual([
        responseType,
        PROBLEMS[kind].status,
        PROBLEMS[kind].status,
      ]);
    }
  });

  it("say of a request without a signature what it lacks, where signatures are asked for", () => {
    const statusOf = (isSigned: boolean) =>
      gatewayResponses(isSigned).find(({ responseType }) => responseType === "MISSING_AUTHENTICATION_TOKEN")
        ?.statusCode;
    expect([statusOf(false), statusOf(true)]).toEqual(["404", "403"]);
  });
});
