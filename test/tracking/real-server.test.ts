import { RegisteredModels, Runs, Transport } from "@perennial/tracking";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TestMlflow } from "../support/mlflow-server.ts";

// Against the server itself: what it takes and answers is nobody's guess.

let server: TestMlflow;
let transport: Transport;

beforeAll(async () => {
  server = await TestMlflow.open();
  transport = new Transport({ url: server.url });
}, 240_000);
afterAll(() => server?.close());

const AT = Date.parse("2026-01-05T02:00:00Z");

describe("runs", () => {
  it("gives one experiment for one name, and takes it out of the bin", async () => {
    const runs = new Runs(transport);
    const id = await runs.experiment("churn");
    expect(await runs.experiment("churn")).toBe(id);
    await fetch(`${server.url}/api/2.0/mlflow/experiments/delete`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ experiment_id: id }),
    });
    expect(await runs.experiment("churn")).toBe(id);
    await runs.create(id, { name: "again", startedAt: AT, tags: {} });
  });

  it("finds runs by their tags, the earliest first, and nothing else", async () => {
    const runs = new Runs(transport);
    const id = await runs.experiment("finding");
    const create = (name: string, startedAt: number, tags: Record<string, string>) =>
      runs.create(id, { name, startedAt, tags });
    await create("late", AT + 1, { "perennial.execution": "churn-1", kind: "a" });
    await create("early", AT, { "perennial.execution": "churn-1", kind: "a" });
    await create("other", AT, { "perennial.execution": "churn-2", kind: "a" });
    const found = await runs.find(id, { "perennial.execution": "churn-1", kind: "a" });
    expect(found.map(({ name }) => name)).toEqual(["early", "late"]);
    expect(found[0]?.tags["perennial.execution"]).toBe("churn-1");
  });

  it("keeps a history of 2,000 points, 150 parameters and 120 tags, written twice, once", async () => {
    const runs = new Runs(transport);
    const id = await runs.experiment("logging");
    const run = await runs.create(id, { name: "one", startedAt: AT, tags: {} });
    const metrics = Array.from({ length: 2000 }, (_, step) => ({
      name: "loss",
      step,
      value: 1 / (step + 1),
      at: AT + step,
    }));
    const params = Object.fromEntries(Array.from({ length: 150 }, (_, n) => [`p${n}`, n]));
    const tags = Object.fromEntries(Array.from({ length: 120 }, (_, n) => [`t${n}`, String(n)]));
    await runs.log(run.runId, { metrics, params, tags });
    await runs.log(run.runId, { metrics, params, tags });
    await runs.end(run.runId, "FINISHED", AT + 5000);

    const history = await fetch(
      `${server.url}/api/2.0/mlflow/metrics/get-history?run_id=${run.runId}&metric_key=loss&max_results=5000`,
    );
    const { metrics: kept } = (await history.json()) as { metrics: { step?: number; value: number }[] };
    expect(kept).toHaveLength(2000);
    const answer = await fetch(`${server.url}/api/2.0/mlflow/runs/get?run_id=${run.runId}`);
    const { run: got } = (await answer.json()) as {
      run: {
        info: { status: string; end_time: number };
        data: { params: object[]; tags: { key: string }[] };
      };
    };
    expect({ status: got.info.status, end: got.info.end_time, params: got.data.params.length }).toEqual({
      status: "FINISHED",
      end: AT + 5000,
      params: 150,
    });
    expect(got.data.tags.filter(({ key }) => /^t\d+$/.test(key))).toHaveLength(120);
  });

  it("keeps artifacts by way of the server, byte for byte", async () => {
    const runs = new Runs(transport);
    const run = await runs.create(await runs.experiment("artifacts"), { name: "a", startedAt: AT, tags: {} });
    const png = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 255]);
    await runs.putArtifact(run, "plots/roc.png", png);
    await runs.putArtifact(run, "card.md", Buffer.from("# Card"));
    expect(await runs.listArtifacts(run.runId, "")).toEqual(new Map([["card.md", 6]]));
    expect(await runs.listArtifacts(run.runId, "plots")).toEqual(new Map([["plots/roc.png", 6]]));
    const read = await fetch(`${server.url}/get-artifact?path=plots%2Froc.png&run_uuid=${run.runId}`);
    expect(Buffer.from(await read.arrayBuffer())).toEqual(png);
  });

  it("stores artifacts past the server where they lie in S3", async () => {
    const stored: [string, string][] = [];
    const runs = new Runs(transport, async (uri, bytes) => {
      stored.push([uri, Buffer.from(bytes).toString()]);
    });
    await runs.putArtifact(
      { artifactUri: "s3://bucket/tracking/1/abc/artifacts" },
      "card.md",
      Buffer.from("# Card"),
    );
    expect(stored).toEqual([["s3://bucket/tracking/1/abc/artifacts/card.md", "# Card"]]);
  });

  it("leaves a deleted run out", async () => {
    const runs = new Runs(transport);
    const id = await runs.experiment("deleting");
    const run = await runs.create(id, { name: "gone", startedAt: AT, tags: { k: "v" } });
    await runs.delete(run.runId);
    expect(await runs.find(id, { k: "v" })).toEqual([]);
  });
});

describe("registered models", () => {
  it("numbers versions in order, moves an alias, and takes one away that isn't there", async () => {
    const models = new RegisteredModels(transport);
    expect(await models.model("churn")).toEqual({ aliases: {} });
    const create = (n: number) =>
      models.createVersion("churn", {
        source: `s3://bucket/models/churn/${n}/output/model.tar.gz`,
        runId: null,
        description: "pending",
        tags: { modelPackageArn: `arn:${n}` },
      });
    await create(1);
    await create(2);
    await models.setAlias("churn", "champion", 1);
    await models.setAlias("churn", "champion", 2);
    await models.setAlias("churn", "challenger", 1);
    await models.deleteAlias("churn", "challenger");
    await models.deleteAlias("churn", "challenger");
    await models.setVersionTag("churn", 2, "status", "Approved");
    await models.describeVersion("churn", 2, "better");
    expect(await models.model("churn")).toEqual({ aliases: { champion: 2 } });
    expect(await models.versions("churn")).toEqual([
      { version: 1, runId: "", description: "pending", tags: { modelPackageArn: "arn:1" } },
      {
        version: 2,
        runId: "",
        description: "better",
        tags: { modelPackageArn: "arn:2", status: "Approved" },
      },
    ]);
    await models.deleteVersion("churn", 1);
    expect((await models.versions("churn")).map(({ version }) => version)).toEqual([2]);
  });
});

it("refuses what the server refuses, in its own words", async () => {
  const runs = new Runs(transport);
  await expect(runs.log("0".repeat(32), { tags: { a: "b" } })).rejects.toThrow(
    /^POST api\/2\.0\/mlflow\/runs\/log-batch: RESOURCE_DOES_NOT_EXIST: Run with id=0{32} not found/,
  );
});

it("answers again after it was away, with what it knew", async () => {
  const runs = new Runs(transport);
  const id = await runs.experiment("restarts");
  await runs.create(id, { name: "before", startedAt: AT, tags: { k: "v" } });
  await server.stop();
  await expect(runs.find(id, { k: "v" })).rejects.toThrow(
    /^POST api\/2\.0\/mlflow\/runs\/search: no answer of http:\/\/127\.0\.0\.1:\d+ \(/,
  );
  await server.start();
  expect((await runs.find(id, { k: "v" })).map(({ name }) => name)).toEqual(["before"]);
}, 240_000);
