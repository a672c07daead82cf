import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { LambdaClient } from "@aws-sdk/client-lambda";
import type { HistoryEntry, Manifest, Strategy } from "@perennial/contracts";
import { askFunction } from "@perennial/scoring-client";
import { afterAll, beforeAll, expect, it } from "vitest";
import { constantGraph } from "../../infra/components/endpoint/constant-graph.ts";
import { planFunctionRollout } from "../../infra/wiring/function-rollout.ts";
import { functionExamples, writeExampleCall } from "../../local/examples.ts";
import { writeInstance } from "../../local/instance.ts";
import { callsOf } from "../security/aws-needs/index.ts";
import { scoringNeeds } from "../security/aws-needs/functions.ts";
import { workflowNeeds } from "../security/aws-needs/jobs.ts";
import type { Call } from "../security/account.ts";
import { proveLeastPrivilege } from "../security/proof.ts";
import { stackOf } from "../security/stacks.ts";
import { changedRepository } from "../support/changed-repository.ts";
import { mlRoot, ready, start } from "../support/container.ts";
import { readCalls } from "../support/loop-run.ts";
import { changed, openRolloutCloud, type RolloutCloud } from "../support/rollout-cloud.ts";
import { perennial } from "../support/running-program.ts";
import { TEST_SPEC } from "../support/test-workload.ts";
import { PYTHON } from "../support/trained-model.ts";

// A workload without any instance or container, on its real data, told from the first model to a rollback.
const WORKLOAD = "match-outcome";
const FUNCTION = `perennial-dev-${WORKLOAD}-score`;
/** A record that leaves to the model what it can look up. */
const RECORD = { team: "Real Madrid", opponent: "Barcelona", venue: "home", date: "2026-08-30" };
const REALTIME = 'serving: { mode: "realtime", maxRecords: 1000, maxBodyKiB: 1024 }';
const LAMBDA =
  'serving: { mode: "lambda", maxRecords: 1000, maxBodyKiB: 1024, memoryMiB: 1769 },\n' +
  // Whatever else this machine does while it answers is no slower model.
  '  rollout: { strategy: { kind: "canary", percent: 25, waitSeconds: 60 }, guards: { p99Millis: 10_000, p99Ratio: 100 } }';

const folder = mkdtempSync(join(tmpdir(), "perennial-function-mode-"));
const repository = mkdtempSync(join(tmpdir(), "perennial-function-repository-"));
let rollouts: RolloutCloud;
let credentials: {
  endpoint: string;
  region: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
};

beforeAll(async () => {
  rollouts = await openRolloutCloud(WORKLOAD, {
    settings: { "perennial:rollout": "" },
    repository: changedRepository(repository, WORKLOAD, REALTIME, LAMBDA),
  });
  const { url, account } = rollouts.cloud;
  writeInstance(folder, { url, pid: process.pid, stack: "dev", region: account.region });
  credentials = {
    endpoint: url,
    region: account.region,
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  };
});

afterAll(async () => {
  await rollouts.close();
  for (const made of [folder, repository]) rmSync(made, { recursive: true });
});

const call = (action: string, input: object = {}) =>
  rollouts.cloud.call("lambda", action, { FunctionName: FUNCTION, ...input });

/** What answers, and what is there: nothing else may be left of a rollout. */
async function standing() {
  const { FunctionVersion, RoutingConfig } = await call("GetAlias", { Name: "live" });
  const { Versions } = (await call("ListVersionsByFunction")) as { Versions: { Version: string }[] };
  const ofRollouts = rollouts.cloud.alarms
    .list()
    .map(({ alarm }) => alarm.AlarmName)
    .filter((name) => /-[0-9a-f]{12}-\w+$/.test(name));
  return {
    pointer: await rollouts.pointer(),
    alias: { version: FunctionVersion, RoutingConfig },
    versions: Versions.map(({ Version }) => Version),
    alarms: ofRollouts.toSorted(),
  };
}

/** The trained model's files as another artifact, or one that answers every record alike. */
const another = (card: string) => changed(rollouts.trained, { "card.md": Buffer.from(card) });
function constant(values: number[]): Record<string, Buffer> {
  const { inputs } = JSON.parse(String(rollouts.trained["manifest.json"])) as Manifest;
  const numbers = inputs.filter(({ type }) => ["number", "integer", "date"].includes(type)).length;
  const graph = constantGraph({ strings: inputs.length - numbers, numbers }, values);
  return changed(rollouts.trained, { "model.onnx": Buffer.from(graph) });
}

/** One that takes no level of any category. */
const refusing = (): Record<string, Buffer> =>
  changed(rollouts.trained, {}, (manifest) => ({
    ...manifest,
    inputs: manifest.inputs.map((input) =>
      input.type === "category" ? { ...input, closed: true, levels: ["of nobody"] } : input,
    ),
  }));

it("puts the first model in service as a version that the alias names, and makes no endpoint for it", async () => {
  const { pointer, alias, versions } = await standing();
  // The registry's first version is the baseline, and the function's, too.
  expect([pointer, alias, versions]).toEqual([
    { version: 2, endpointConfigName: "2" },
    { version: "2", RoutingConfig: undefined },
    ["$LATEST", "1", "2"],
  ]);
  expect(await rollouts.cloud.call("sagemaker", "ListEndpoints", {})).toMatchObject({ Endpoints: [] });
});

it("answers over HTTP, by a call and by the command line what an endpoint's container answers", async () => {
  const body = JSON.stringify(RECORD);
  const { url: httpApi, keys } = rollouts.cloud.httpApis;
  const apiKey = readFileSync(keys.files[0] ?? "", "utf8");
  const overHttp = await fetch(`${httpApi}/v1/${WORKLOAD}/predict`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-api-key": apiKey },
    body,
  });
  const asked = await askFunction(
    new LambdaClient(credentials),
    { functionName: FUNCTION, qualifier: "live" },
    { body },
  );
  const file = join(folder, "record.json");
  writeFileSync(file, body);
  const byCommand = await perennial("predict", WORKLOAD, "--record", file, "--json", "--state", folder);
  const named = { functionName: FUNCTION, alias: "live" };
  const shown = functionExamples(
    rollouts.cloud.url,
    credentials.region,
    named,
    writeExampleCall(file),
    PYTHON,
  );
  const pasted = shown.split(/^With .+:$/m).slice(1);
  const byHand = await Promise.all(pasted.map((lines) => promisify(execFile)("bash", ["-c", lines])));
  const table = rollouts.cloud.resources.find(
    ({ name, type }) => type.includes("dynamodb") && name === "online",
  );
  const container = start({
    PERENNIAL_ML_ROOT: mlRoot(rollouts.trained),
    PERENNIAL_MODEL_VERSION: "2",
    PERENNIAL_ONLINE_TABLE: String(table?.outputs["arn"]),
    AWS_ENDPOINT_URL: rollouts.cloud.url,
    AWS_REGION: credentials.region,
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
  });
  const headers = { "content-type": "application/json" };
  const answered = await fetch(`${await ready(container)}/invocations`, { method: "POST", headers, body });
  const expected = await answered.text();
  expect([overHttp.status, await overHttp.text(), asked.status, asked.body]).toEqual([
    200,
    expected,
    200,
    expected,
  ]);
  const said = byHand.map(({ stdout }) => JSON.parse(stdout) as unknown);
  expect(said).toEqual([
    { ...asked, inferenceId: expect.any(String) },
    JSON.parse(expected),
    JSON.parse(expected),
  ]);
  // A file holds one record or many: the command line always sends a list.
  expect(JSON.parse(byCommand.out)).toEqual(JSON.parse(expected));
  expect(JSON.parse(expected)).toMatchObject({ model: { version: 2 }, lookedUp: expect.any(Array) });

  const refused = await fetch(`${httpApi}/v1/${WORKLOAD}/predict`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-api-key": apiKey },
    body: JSON.stringify({ ...RECORD, shoe_size: 44 }),
  });
  expect([refused.status, await refused.json()]).toMatchObject([
    422,
    { faults: [{ record: 0, field: "shoe_size" }] },
  ]);
});

/** Leads requests so from the next rollout on. */
function by(strategy: Strategy): void {
  const spec = { ...TEST_SPEC, rollout: { ...TEST_SPEC.rollout, strategy } };
  const { Shares: shares, Rounds: rounds } = planFunctionRollout(spec, {
    rollout: undefined,
    bakeSeconds: 15,
  }).fillings;
  rollouts.changeWorkflow(({ NothingKnownYet: state }) =>
    Object.assign(state?.["Parameters"] ?? {}, { shares, rounds }),
  );
}
const CANARY: Strategy = { kind: "canary", percent: 25, waitSeconds: 60 };
const LINEAR: Strategy = { kind: "linear", stepPercent: 40, waitSeconds: 15 };

it.each<[string, number, Strategy]>([
  ["by canary", 3, CANARY],
  ["in steps", 4, LINEAR],
  ["all at once", 5, { kind: "all-at-once" }],
])(
  "puts a model in service %s as version %i, and collects what nothing leads to",
  async (_, version, strategy) => {
    by(strategy);
    const { outcome, summary } = await rollouts.rollOut(another(`card ${version}`));
    expect([outcome, summary]).toEqual([
      "in-service",
      expect.stringMatching(
        new RegExp(
          `^Version ${version} is in service in place of version ${version - 1}\\. \\d+ requests, 0 failed, 0 refused; ` +
            "p9[09] of the model's latency [\\d.]+ ms \\(.+\\); mean prediction for probes 0\\.\\d+ \\(0\\.\\d+ before\\)\\.",
        ),
      ),
    ]);
    const { pointer, alias, versions, alarms } = await standing();
    expect([pointer, alias, versions]).toEqual([
      { version, endpointConfigName: String(version) },
      { version: String(version), RoutingConfig: undefined },
      ["$LATEST", String(version - 1), String(version)],
    ]);
    expect(alarms.map((name) => name.split("-").at(-1))).toEqual(["errors", "latency"]);
  },
);

it.each<[string, () => Record<string, Buffer>, RegExp]>([
  [
    "that can't be loaded",
    () => ({ ...rollouts.trained, "model.onnx": Buffer.from("altered") }),
    /is not put in service, version 5 stays: it doesn't answer an example \(.*failed: /,
  ],
  [
    "that answers everybody alike",
    () => constant([0.2, 0.3, 0.5]),
    /is not put in service, version 5 stays: it answers every probe alike \(/,
  ],
  [
    "that predicts NaN",
    () => constant([Number.NaN, 0.3, 0.5]),
    /is not put in service, version 5 stays: it doesn't answer /,
  ],
  [
    "that refuses what callers send",
    refusing,
    /is not put in service, version 5 stays: .*% of the requests were refused, /,
  ],
])("keeps a model %s from callers altogether", async (_, files, says) => {
  const before = await standing();
  const { outcome, summary } = await rollouts.rollOut(files());
  expect([outcome, summary]).toEqual(["kept", expect.stringMatching(says)]);
  expect(await standing()).toEqual(before);
});

it.each([
  ["fails", "Errors", 1, "errors"],
  ["is slow", "Duration", 60_000, "latency"],
])(
  "goes back by itself where the version %s while it has its share of the requests",
  async (what, name, value, alarm) => {
    // Long enough for an alarm, which looks at whole minutes.
    by({ ...CANARY, waitSeconds: 300 });
    const before = await standing();
    const { releases } = rollouts.cloud.functions;
    // As Lambda would count them: nothing here makes a sound model fail.
    const failing = setInterval(() => {
      for (const ExecutedVersion of Object.keys(releases.get(FUNCTION, "live").weights)) {
        const dimensions = { FunctionName: FUNCTION, Resource: `${FUNCTION}:live`, ExecutedVersion };
        rollouts.cloud.metrics.put({ namespace: "AWS/Lambda", name, dimensions }, value);
      }
    }, 50);
    const entry: HistoryEntry = await rollouts
      .rollOut(another(`A card of one that ${what}`))
      .finally(() => clearInterval(failing));
    expect([entry.outcome, entry.summary]).toEqual([
      "rolled-back",
      expect.stringMatching(
        new RegExp(
          `isn't verified: .*-${alarm} went off: Threshold Crossed: .+ Version 5 is in service again\\.`,
        ),
      ),
    ]);
    expect(await standing()).toEqual(before);
  },
);

it("is led back by the command line to the version that was published then", async () => {
  const asked = ["rollback", WORKLOAD, "--reason", "a test says so", "--state", folder];
  const [{ code, out }, entry] = await Promise.all([perennial(...asked), rollouts.nextRollout()]);
  expect([code, entry.outcome]).toEqual([0, "in-service"]);
  expect(out).toContain("Version 4 is in service in place of version 5.");
  const { pointer, alias, versions } = await standing();
  expect([pointer, alias, versions]).toEqual([
    { version: 4, endpointConfigName: "4" },
    { version: "4", RoutingConfig: undefined },
    ["$LATEST", "4", "5"],
  ]);
  const { out: status } = await perennial("status", "--state", folder);
  expect(status).toContain(`endpoint  ${FUNCTION}, InService`);
  expect(status).not.toContain("DIFFERS");
});

it("made every call that its roles may make, and no other", async () => {
  const { resources, account } = rollouts.cloud;
  const { subject, permissions } = stackOf("dev", resources, account);
  const recorded = readCalls(rollouts.stateFolder);
  expect(recorded.filter(({ allowed }) => !allowed)).toEqual([]);
  const calls = recorded.map(({ role, action, resource, context }): Call => ({
    by: { role },
    action,
    resource,
    context,
  }));
  const needs = [...scoringNeeds(subject), ...workflowNeeds(subject)].flatMap(callsOf);
  const { unneeded } = await proveLeastPrivilege(permissions, [...calls, ...needs]);
  // What the platform's other roles need is told by the loop of a workload behind an endpoint.
  const own = [`role ${FUNCTION}`, `role perennial-dev-${WORKLOAD}-rollout:`, `trust of role ${FUNCTION}`];
  const granted = ["probe-endpoint-probe", "verify-rollout-probe", "answer-http-invoke"];
  const concerned = unneeded.filter(
    (piece) =>
      own.some((role) => piece.startsWith(role)) ||
      granted.some((policy) => piece.includes(`"${WORKLOAD}-${policy}"`)),
  );
  expect(concerned).toEqual([]);
}, 60_000);
