import { describe, expect, it, vi } from "vitest";
import { readSpecs } from "../../packages/client/generate/specs.ts";
import { faultsOf } from "./compile.ts";

// The first one to compile reads the libraries' types.
vi.setConfig({ testTimeout: 60_000 });

const CLIENT = `import { createClient, http } from "@perennial/client";
const client = createClient({ transport: http({ url: "https://predictions.example.com" }) });
`;
const MATCH = '{ team: "Betis", opponent: "Sevilla", venue: "home", date: "2026-11-28" }';

const specs = await readSpecs();

describe("a program that asks rightly compiles", () => {
  it("with the examples of every workload, one by one and all at once", () => {
    const calls = specs.flatMap(({ name, examples }) =>
      [examples[0], examples].map(
        (given) => `await client.predict(${JSON.stringify(name)}, ${JSON.stringify(given)});`,
      ),
    );
    expect(faultsOf(CLIENT + calls.join("\n"))).toEqual([]);
  });

  it.each(["node", "browser"] as const)("with the answer of each task, for %s", (runsIn) => {
    const program = `${CLIENT}
const match = await client.predict("match-outcome", ${MATCH});
export const chance: number = match.prediction.probabilities.win;
export const side: "loss" | "draw" | "win" = match.prediction.class;
export const classes: ["loss", "draw", "win"] = match.task.classes;
const stays = await client.predict("injury-duration", []);
export const days: number[] = stays.predictions.map(({ lower, estimate, upper }) => upper - lower + estimate);
export const unit: "days"[] = stays.parts.map(({ task }) => task.unit);
declare const patient: import("@perennial/client").RecordOf<"hospital-readmission">;
const one = await client.predict("hospital-readmission", patient, { signal: new AbortController().signal });
export const risk: number = one.prediction.flagged ? one.prediction.probability : one.task.threshold;
export const version: number = one.model.version + one.lookedUp.length;
`;
    expect(faultsOf(program, runsIn)).toEqual([]);
  });

  it("with the endpoint as its way", () => {
    const program = `import { SageMakerRuntimeClient } from "@aws-sdk/client-sagemaker-runtime";
import { createClient } from "@perennial/client";
import { endpoint } from "@perennial/client/endpoint";
export const client = createClient({ transport: endpoint({ client: new SageMakerRuntimeClient({}), stack: "prod" }) });
`;
    expect(faultsOf(program)).toEqual([]);
  });

  it("with a team that no one has heard of, since levels may be added", () => {
    const record = MATCH.replace("Betis", "Racing");
    expect(faultsOf(`${CLIENT}await client.predict("match-outcome", ${record});`)).toEqual([]);
  });
});

describe("a program that asks wrongly doesn't compile", () => {
  it.each([
    [
      "a field that doesn't exist",
      `client.predict("match-outcome", ${MATCH.replace("opponent", "oponent")});`,
      "Object literal may only specify known properties, but 'oponent' does not exist in type 'MatchOutcomeRecord'. Did you mean to write 'opponent'?",
    ],
    [
      "a required field left out",
      `client.predict("match-outcome", ${MATCH.replace('opponent: "Sevilla", ', "")});`,
      "Property 'opponent' is missing in type '{ team: \"Betis\"; venue: \"home\"; date: string; }' but required in type 'MatchOutcomeRecord'.",
    ],
    [
      "a level that doesn't exist of a closed list",
      `client.predict("match-outcome", ${MATCH.replace("home", "neutral")});`,
      'Type \'"neutral"\' is not assignable to type \'"home" | "away"\'.',
    ],
    [
      "null where a value is required",
      `client.predict("match-outcome", ${MATCH.replace('"home"', "null")});`,
      "Type 'null' is not assignable to type '\"home\" | \"away\"'.",
    ],
    [
      "a class that the workload doesn't have",
      `(await client.predict("match-outcome", ${MATCH})).prediction.probabilities.lose;`,
      'Property \'lose\' does not exist on type \'Record<"loss" | "draw" | "win", number>\'.',
    ],
    [
      "an answer of another task",
      'declare const stay: import("@perennial/client").RecordOf<"hospital-readmission">; (await client.predict("hospital-readmission", stay)).prediction.estimate;',
      "Property 'estimate' does not exist on type 'BinaryPrediction'.",
    ],
  ])("%s", (_, call, fault) => {
    expect(faultsOf(CLIENT + call)).toEqual([`3: ${fault}`]);
  });

  it("a workload that doesn't exist", () => {
    const [fault] = faultsOf(`${CLIENT}client.predict("match-outcom", ${MATCH});`);
    expect(fault).toBe(
      "3: Argument of type '\"match-outcom\"' is not assignable to parameter of type 'keyof Workloads'.",
    );
  });
});
