import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { ARTIFACT_FILES, EndpointResponse, type HistoryEntry } from "@perennial/contracts";
import { readArtifactArchive, readArtifactDirectory } from "@perennial/scoring";
import hospitalReadmission from "@perennial/workloads/hospital-readmission/workload.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { WorkloadStatus } from "../../apps/cli/commands/status.ts";
import type { Explanation } from "../../apps/cli/commands/why.ts";
import { perennial, startProgram, type RunningProgram } from "../support/running-program.ts";
import { PYTHON, trainedModel } from "../support/trained-model.ts";

const REPOSITORY = join(import.meta.dirname, "../..");
const WORKLOAD = "hospital-readmission";
const ENDPOINT = `perennial-dev-${WORKLOAD}`;
/** A zone with an odd offset, and a language whose capital i isn't I: neither may reach a result. */
const ODD_PLACE = { TZ: "Pacific/Chatham", LC_ALL: "tr_TR.UTF-8", LANG: "tr_TR.UTF-8" };

// An operator's afternoon, told as a story: each test begins where the one before it ended.
let state: string;
let cloud: RunningProgram;
/** What the first start had shown when it was up. */
let screen: string;

const start = () => {
  const args = ["start", "--workloads", WORKLOAD, "--port", "0", "--state", state];
  return startProgram(process.execPath, ["local/main.ts", ...args], ODD_PLACE);
};

beforeAll(async () => {
  state = mkdtempSync(join(tmpdir(), "perennial-operator-"));
  cloud = start();
  screen = await cloud.shows("Running until Ctrl-C.");
});

afterAll(async () => {
  await cloud.stop("SIGTERM");
  rmSync(state, { recursive: true, force: true });
});

async function json<Answer>(...args: string[]): Promise<Answer> {
  const { code, out, err } = await perennial(...args, "--json", "--state", state);
  if (code !== 0) throw new Error(`perennial ${args.join(" ")} ended with ${code}: ${err}`);
  return JSON.parse(out) as Answer;
}

const gateway = (): { url: string } =>
  JSON.parse(readFileSync(join(state, "gateway.json"), "utf8")) as { url: string };
const predict = () =>
  json<EndpointResponse>("predict", WORKLOAD, "--record", join(state, `${WORKLOAD}.json`));
const status = () => json<{ url: string; workloads: WorkloadStatus[] }>("status");
const history = async () => (await json<{ entries: HistoryEntry[] }>("history")).entries;

it("prints a curl, a boto3 and a JavaScript example, and one over HTTP, that work as they stand", async () => {
  const [, curl = "", boto3 = "", javaScript = "", overHttp = ""] = screen
    .split("Running until Ctrl-C.")[0]!
    .split(/^(?:With (?:curl|boto3|the AWS SDK for JavaScript)| *\d+\.\d s {2}Over HTTP, .*):$/m);
  const expected = await predict();
  for (const example of [curl, boto3, javaScript, overHttp]) {
    // What `screen` puts before its next line is the time.
    const pasted = example.replace(/\n *\d+\.\d s {2}$/, "\n");
    const { code, out, err } = await startProgram("bash", ["-c", pasted]).ended;
    expect([code, err]).toEqual([0, ""]);
    expect(EndpointResponse.parse(JSON.parse(out))).toEqual(expected);
  }
});

describe("perennial", () => {
  it("tells where the gateway is, and each workload's endpoint, state, champion and last outcome", async () => {
    const told = await status();
    const [newest] = await history();
    expect(told).toMatchObject({ stack: "local", url: gateway().url, region: "eu-central-1" });
    expect(told.workloads).toEqual([
      {
        workload: WORKLOAD,
        endpoint: ENDPOINT,
        state: "InService",
        endpointConfig: newest?.execution,
        champion: {
          version: 2,
          execution: newest?.execution,
          since: expect.stringMatching(/Z$/),
          modelPackageArn: `arn:aws:sagemaker:eu-central-1:123456789012:model-package/${ENDPOINT}/2`,
        },
        trial: null,
        difference: null,
        running: [],
        frozen: null,
        waiting: [],
        lastOutcome: newest,
      },
    ]);
    expect(newest).toMatchObject({ kind: "rollout", outcome: "in-service", from: 0, to: 2 });
  });

  it("tells what was live at a time", async () => {
    const [rollout, retraining] = await history();
    const liveAt = async (at: string) => {
      type Told = { live: { version: number }[]; entries: HistoryEntry[] };
      const { live, entries } = await json<Told>("history", WORKLOAD, "--at", at);
      return [live.map(({ version }) => version), entries.map(({ execution }) => execution)];
    };
    expect(await liveAt(retraining!.startedAt)).toEqual([[0], [retraining!.execution]]);
    expect(await liveAt(rollout!.endedAt)).toEqual([[2], [rollout!.execution, retraining!.execution]]);
  });

  it("explains why a version is in service", async () => {
    const { version, verdict, events } = await json<Explanation>("why", "2");
    expect([version?.version, version?.approvalStatus, verdict?.status]).toEqual([2, "Approved", "better"]);
    expect(events.map(({ kind, outcome }) => [kind, outcome])).toEqual([
      ["retraining", "better"],
      ["rollout", "in-service"],
    ]);
    const { out } = await perennial("why", "2", "--state", state);
    expect(out).toContain(verdict!.reason);
  });

  it("waits with a retraining that is asked for within the cool-down", async () => {
    const { code, out } = await perennial("retrain", WORKLOAD, "--state", state);
    expect([code, out]).toEqual([5, expect.stringContaining("It is held back: the cool-down of 15 minutes")]);
    const { workloads } = await status();
    expect(workloads[0]?.waiting).toMatchObject([{ kind: "retraining", count: 1 }]);
  });

  it.each([
    [4, ["status", "hospitl-readmission"], `holds no workload "hospitl-readmission". It holds ${WORKLOAD}.`],
    [4, ["why", "9"], `${WORKLOAD} has no version 9 in the model package group ${ENDPOINT}`],
    [2, ["status", "--stack", "prud"], `There is no stack "prud": expected one of local, dev, prod.`],
    [2, ["history", "--at", "soon"], `--at is "soon", expected a time such as 2026-03-01`],
    [2, ["predict", WORKLOAD, "--record", "/none.json"], "/none.json can't be read: it doesn't exist."],
  ])("answers %i to %j", async (expected, args, message) => {
    const { code, out, err } = await perennial(...args, "--state", state);
    expect([code, out, err]).toEqual([expected, "", expect.stringContaining(message)]);
  });
});

it("trains the same model in every time zone and language", async () => {
  const { version } = await json<Explanation>("why", "2");
  const url = new URL(version!.modelDataUrl);
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  const s3 = new S3Client({
    endpoint: gateway().url,
    region: "eu-central-1",
    credentials,
    forcePathStyle: true,
  });
  const stored = await s3.send(new GetObjectCommand({ Bucket: url.hostname, Key: url.pathname.slice(1) }));
  const here = await readArtifactArchive(Buffer.from(await stored.Body!.transformToByteArray()));
  const there = await readArtifactDirectory((await trainedModel(hospitalReadmission)).model);
  // Each of them writes the spec in its own way, and the card names the hash of that text and the version made from it.
  const differing = ARTIFACT_FILES.filter((name) => {
    const [mine, other] = [here, there].map(({ files, manifest }) =>
      files[name]
        .toString("latin1")
        .replaceAll(manifest.version, "<version>")
        .replaceAll(manifest.hashes.spec, "<spec>"),
    );
    return mine !== other;
  });
  expect(differing).toEqual([]);
});

it("survives being killed in the middle of a retraining, which becomes ABORTED", async () => {
  const before = { prediction: await predict(), history: await history(), why: await json("why", "2") };
  await cloud.stop("SIGKILL");
  cloud = startProgram(process.execPath, ["test/support/later-cloud.ts", state, WORKLOAD]);
  await cloud.shows("ready");
  expect(await predict()).toEqual(before.prediction);
  const { code } = await perennial("retrain", WORKLOAD, "--no-follow", "--state", state);
  expect(code).toBe(0);
  await cloud.shows("state Train");
  const [running] = (await status()).workloads[0]!.running;
  await cloud.stop("SIGKILL");

  cloud = start();
  await cloud.shows("Running until Ctrl-C.");
  await expect
    .poll(async () => (await status()).workloads[0], { timeout: 20_000 })
    .toMatchObject({ running: [], champion: { version: 2 }, state: "InService", difference: null });
  const [aborted, ...others] = await history();
  expect(aborted).toMatchObject({ kind: "retraining", execution: running?.execution, outcome: "aborted" });
  expect(others).toEqual(before.history);
  expect(await json("why", "2")).toEqual(before.why);
  expect(await predict()).toEqual(before.prediction);
  expect(await perennial("why", running!.execution, "--state", state)).toMatchObject({ code: 0 });
});

describe("an install that is not complete", () => {
  let copy: string;
  beforeAll(() => {
    copy = mkdtempSync(join(tmpdir(), "perennial-install-"));
    cpSync(join(REPOSITORY, "local"), join(copy, "local"), { recursive: true });
    for (const name of ["node_modules", "infra", "packages", "workloads", "Pulumi.yaml", "Pulumi.dev.yaml"]) {
      symlinkSync(join(REPOSITORY, name), join(copy, name));
    }
  });
  const startCopy = () =>
    startProgram(process.execPath, [join(copy, "local/main.ts"), "start", "--port", "0"]).ended;
  afterAll(() => rmSync(copy, { recursive: true, force: true }));

  it("is told what to run where Python is missing", async () => {
    const { code, err } = await startCopy();
    expect([code, err]).toEqual([1, expect.stringMatching(/\.venv\/bin\/python is missing: run make setup/)]);
    expect(err.trimEnd().split("\n")).toHaveLength(1);
  });

  it("is told what to run where Python's packages are missing", async () => {
    mkdirSync(join(copy, ".venv/bin"), { recursive: true });
    // -S: without what was installed.
    const bare = `#!/bin/sh\nexec "${PYTHON}" -S "$@"\n`;
    writeFileSync(join(copy, ".venv/bin/python"), bare, { mode: 0o755 });
    const { code, err } = await startCopy();
    expect([code, err]).toEqual([
      1,
      expect.stringMatching(
        /^moto ended with code 1 instead of starting\. Run `make setup` to repair the Python environment\. It said:\n/,
      ),
    ]);
    expect(err).toContain("No module named 'moto'");
  });
});
