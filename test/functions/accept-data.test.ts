import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import type { EntityState, GateReport, Profile } from "@perennial/contracts";
import { Objects } from "@perennial/objects";
import { describe, expect, it } from "vitest";
import { EntityFiles } from "../../functions/accept-data/entity-files.ts";
import { createHandler } from "../../functions/accept-data/handler.ts";
import { OnlineStates } from "../../functions/accept-data/online-states.ts";
import { Snapshots } from "../../functions/accept-data/snapshots.ts";
import { OnlineItems } from "../support/online-items.ts";
import { RecordedTelemetry } from "../support/telemetry.ts";
import { VersionedBucket } from "../support/versioned-bucket.ts";

const WORKLOAD = "match-forecast";
const EXECUTION = "match-forecast-0123456789ab";
const LAKE = "s3://lake";
const rawUri = `${LAKE}/raw/${WORKLOAD}/`;
const gateUri = `${LAKE}/gates/${WORKLOAD}/${EXECUTION}/`;
const entitiesUri = `${LAKE}/entities/${WORKLOAD}/${EXECUTION}/`;
const event = { workload: WORKLOAD, execution: EXECUTION, rawUri, gateUri, entitiesUri };

const sha256 = (content: string): string => createHash("sha256").update(content).digest("hex");
const FILES = { "a b.csv": "x\n1\n", "c.csv.gz": "packed" };
const files = Object.entries(FILES).map(([name, content]) => ({
  name,
  sha256: sha256(content),
  bytes: content.length,
}));
const SNAPSHOT = sha256(files.map((file) => `${file.name}\0${file.sha256}\n`).join(""));
const snapshotUri = `${LAKE}/snapshots/${WORKLOAD}/${SNAPSHOT}/`;
const profileUri = `${LAKE}/accepted/${WORKLOAD}/profile.json`;

const report: GateReport = {
  workload: WORKLOAD,
  status: "accepted",
  snapshotSha256: SNAPSHOT,
  files,
  rows: 1,
  checks: [],
};
const profile: Profile = { snapshotSha256: SNAPSHOT, rows: 1, newest: "2026-01-01", columns: {} };

const state = (key: string, validFrom: string, goals: number | null): EntityState => ({
  key,
  validFrom,
  columns: { goals },
});
const STATES = [state("Ajax", "2026-01-01", 2.5), state("Bern", "2025-12-20", null)];
const lines = (states: object[]): Buffer =>
  gzipSync(states.map((one) => `${JSON.stringify(one)}\n`).join(""));

function open() {
  const bucket = new VersionedBucket();
  for (const [name, content] of Object.entries(FILES)) bucket.put(`${rawUri}${name}`, content);
  bucket.put(`${gateUri}gate.json`, JSON.stringify(report));
  bucket.put(`${gateUri}profile.json`, JSON.stringify(profile));
  bucket.put(`${entitiesUri}team_form.jsonl.gz`, lines(STATES));
  const table = new OnlineItems();
  const telemetry = new RecordedTelemetry();
  const objects = new Objects(bucket);
  const accept = createHandler({
    objects,
    snapshots: new Snapshots(bucket),
    entityFiles: new EntityFiles(bucket, objects),
    onlineStates: new OnlineStates(table, "online"),
    telemetry,
    lakeBucket: "lake",
  });
  return { bucket, table, telemetry, accept };
}

const writtenUnder = (bucket: VersionedBucket, prefix: string): string[] =>
  bucket.written.filter((uri) => uri.startsWith(prefix)).map((uri) => uri.slice(prefix.length));

describe("data that passed the gate", () => {
  it("becomes a snapshot, the profile to compare with, and states to look up", async () => {
    const { bucket, table, telemetry, accept } = open();
    expect(await accept(event)).toEqual({ snapshotSha256: SNAPSHOT, snapshotUri, entities: 2 });
    expect(writtenUnder(bucket, snapshotUri)).toEqual(["a b.csv", "c.csv.gz", "snapshot.json"]);
    expect(bucket.text(`${snapshotUri}a b.csv`)).toBe(FILES["a b.csv"]);
    expect(JSON.parse(bucket.text(`${snapshotUri}snapshot.json`))).toEqual({
      workload: WORKLOAD,
      sha256: SNAPSHOT,
      files,
    });
    expect(JSON.parse(bucket.text(profileUri))).toEqual(profile);
    expect(table.items).toEqual([
      {
        pk: { S: `${WORKLOAD}#team_form` },
        sk: { S: "Ajax" },
        validFrom: { S: "2026-01-01" },
        columns: { M: { goals: { N: "2.5" } } },
        execution: { S: EXECUTION },
      },
      {
        pk: { S: `${WORKLOAD}#team_form` },
        sk: { S: "Bern" },
        validFrom: { S: "2025-12-20" },
        columns: { M: { goals: { NULL: true } } },
        execution: { S: EXECUTION },
      },
    ]);
    expect(telemetry.lines).toEqual([
      [
        "accepted",
        {
          workload: WORKLOAD,
          execution: EXECUTION,
          snapshotSha256: SNAPSHOT,
          isSnapshot: false,
          entities: 2,
        },
      ],
    ]);
  });

  it("is accepted twice as once", async () => {
    const { bucket, accept } = open();
    const first = await accept(event);
    bucket.written.length = 0;
    expect(await accept(event)).toEqual(first);
    expect(writtenUnder(bucket, snapshotUri)).toEqual([]);
  });

  it("is completed after a crash at any write, without one file being written again", async () => {
    for (let call = 1; call <= 4; call += 1) {
      const { bucket, accept } = open();
      let calls = 0;
      bucket.after = () => {
        if (++calls === call) throw new Error("the function was stopped");
      };
      await expect(accept(event)).rejects.toThrow("the function was stopped");
      bucket.after = () => {};
      expect(await accept(event)).toEqual({ snapshotSha256: SNAPSHOT, snapshotUri, entities: 2 });
      expect(writtenUnder(bucket, snapshotUri)).toEqual(["a b.csv", "c.csv.gz", "snapshot.json"]);
    }
  });

  it("is copied in the version that was looked at, though another one comes in between", async () => {
    const { bucket, accept } = open();
    bucket.onCopy = () => bucket.put(`${rawUri}a b.csv`, "overwritten");
    await accept(event);
    expect(bucket.text(`${snapshotUri}a b.csv`)).toBe(FILES["a b.csv"]);
  });

  it("of a snapshot is neither copied nor compared with later, and its states don't replace newer ones", async () => {
    const { bucket, table, accept } = open();
    await accept(event);
    bucket.written.length = 0;
    const newer = [state("Ajax", "2026-02-01", 3)];
    bucket.put(`${entitiesUri}team_form.jsonl.gz`, lines(newer));
    await accept({ ...event, rawUri: snapshotUri });
    bucket.put(`${entitiesUri}team_form.jsonl.gz`, lines(STATES));
    expect((await accept({ ...event, rawUri: snapshotUri })).entities).toBe(1);
    expect(bucket.written).toEqual([]);
    expect(table.items.map(({ sk, validFrom }) => [sk, validFrom])).toEqual([
      [{ S: "Ajax" }, { S: "2026-02-01" }],
      [{ S: "Bern" }, { S: "2025-12-20" }],
    ]);
  });

  it("without entities writes no states", async () => {
    const { bucket, table, accept } = open();
    bucket.delete(`${entitiesUri}team_form.jsonl.gz`);
    bucket.put(`${entitiesUri}none.json`, "{}");
    expect((await accept(event)).entities).toBe(0);
    expect(table.items).toEqual([]);
  });
});

describe("nothing is accepted", () => {
  it.each([
    [
      "when a file was overwritten",
      (bucket: VersionedBucket) => bucket.put(`${rawUri}c.csv.gz`, "other"),
      `expected SHA-256 ${sha256("packed")}, found SHA-256 ${sha256("other")}`,
    ],
    [
      "when a file is gone",
      (bucket: VersionedBucket) => bucket.delete(`${rawUri}c.csv.gz`),
      `expected SHA-256 ${sha256("packed")}, found no such file`,
    ],
  ])("%s after the gate looked at it", async (_, change, found) => {
    const { bucket, table, accept } = open();
    change(bucket);
    bucket.written.length = 0;
    await expect(accept(event)).rejects.toThrow(
      `${rawUri}c.csv.gz changed after the data gate looked at it: ${found}. Nothing was accepted; ask for another ` +
        `retraining, and bring files into the lake under new names.`,
    );
    expect([bucket.written, table.items]).toEqual([[], []]);
  });

  it("of a report that refuses, or that speaks of other data", async () => {
    const { bucket, accept } = open();
    bucket.put(`${gateUri}gate.json`, JSON.stringify({ ...report, status: "refused", files: [] }));
    bucket.put(`${gateUri}profile.json`, JSON.stringify({ ...profile, snapshotSha256: "0".repeat(64) }));
    const otherUri = `${LAKE}/snapshots/${WORKLOAD}/${"1".repeat(64)}/`;
    await expect(accept({ ...event, rawUri: otherUri })).rejects.toThrow(
      [
        `${gateUri}gate.json is refused, 4 faults:`,
        "  status: given refused; expected accepted",
        `  snapshotSha256: given ${SNAPSHOT}; expected ${sha256("")}`,
        `  profile.snapshotSha256: given ${"0".repeat(64)}; expected ${SNAPSHOT}`,
        `  rawUri: given ${otherUri}; expected ${snapshotUri}`,
      ].join("\n"),
    );
  });

  it("of states that aren't any", async () => {
    const { bucket, table, accept } = open();
    bucket.put(
      `${entitiesUri}team_form.jsonl.gz`,
      gzipSync('{"key":"Ajax"}\n<html>\n{"key":"Bern","validFrom":7,"columns":{}}\n'),
    );
    await expect(accept(event)).rejects.toThrow(
      /team_form\.jsonl\.gz is refused, 2 faults:\n {2}line 1: .*\n {2}line 2: .*$/,
    );
    expect([table.items, bucket.written.includes(profileUri)]).toEqual([[], false]);
  });
});
