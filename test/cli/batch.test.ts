import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { GetObjectCommand } from "@aws-sdk/client-s3";
import type { EntityState } from "@perennial/contracts";
import { loadArtifact } from "@perennial/scoring";
import { describe, expect, it, onTestFinished } from "vitest";
import { artifactArchive, artifactFiles, type ArtifactParts } from "../support/artifact.ts";
import { DURATION_ARTIFACT, MATCH_ARTIFACT } from "../support/task-artifacts.ts";
import { openStack, POINTER, WORKLOAD } from "./stack.ts";

/** A folder for the files of a test, and a stack whose live model is `parts`. */
async function scoring(parts: ArtifactParts = {}) {
  const archive = await artifactArchive(artifactFiles(parts));
  const artifactSha256 = createHash("sha256").update(archive).digest("hex");
  const stack = openStack({ pointer: { ...POINTER, artifactSha256 } });
  stack.s3
    .on(GetObjectCommand)
    .resolves({ Body: { transformToByteArray: () => Promise.resolve(archive) } as never });
  const folder = mkdtempSync(join(tmpdir(), "perennial-batch-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = (name: string): string => join(folder, name);
  const run = (input: string, output: string, ...more: string[]) =>
    stack.run("batch", WORKLOAD, "--input", path(input), "--output", path(output), "--workers", "2", ...more);
  return { ...stack, archive, path, run, read: (name: string) => readFileSync(path(name), "utf8") };
}

const summaryOf = ({ written }: { written: { out: string } }) =>
  JSON.parse(written.out) as Record<string, unknown>;

describe("a file of CSV", { timeout: 30_000 }, () => {
  const CSV = 'days,sex,weight,payer\r\n3,Female,80,"a, ""b""\nc"\r\n\r\n0,x,80,x\n3,Male\n14,?,,x';

  it("gets its predictions behind each row, and the rows that are wrong go to a file of their own", async () => {
    const batch = await scoring();
    writeFileSync(batch.path("in.csv"), CSV);
    expect(await batch.run("in.csv", "out.csv", "--json")).toBe(0);
    const model = await loadArtifact(batch.archive);
    const [first, last] = await model.score([{ days: 3, sex: "Female", weight: 80 }, { days: 14 }]);
    expect(batch.read("out.csv")).toBe(
      "days,sex,weight,payer,predicted_probability,predicted_flagged\n" +
        `3,Female,80,"a, ""b""\nc",${first},false\n14,?,,x,${last},true\n`,
    );
    expect(
      batch
        .read("out.csv.errors.jsonl")
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([
      {
        line: 5,
        faults: [
          { field: "days", message: 'given "0"; expected a whole number from 1 to 14' },
          { field: "sex", message: 'given "x"; expected one of Female, Male' },
        ],
      },
      {
        line: 6,
        faults: [{ field: null, message: "the row has 2 cells; expected 4, as many as the header" }],
      },
    ]);
    expect(summaryOf(batch)).toMatchObject({
      version: 3,
      isComplete: true,
      records: 4,
      scored: 2,
      refused: 2,
      refusedByField: { days: 1, sex: 1, "(record)": 1 },
      decided: { flagged: 1 },
    });
    expect(existsSync(batch.path("out.csv.progress.json"))).toBe(false);
  });

  it("says in words what came of it", async () => {
    const batch = await scoring();
    writeFileSync(batch.path("in.csv"), CSV);
    await batch.run("in.csv", "out.csv");
    expect(batch.written.out.split("\n").slice(0, 4)).toEqual([
      `${WORKLOAD}, version 3: ${batch.path("in.csv")} is scored.`,
      "records  4 in 0 s",
      `scored   2, in ${batch.path("out.csv")}`,
      `refused  2, with reasons in ${batch.path("out.csv.errors.jsonl")}: days 1, sex 1, (record) 1`,
    ]);
  });

  it("is refused as a whole for a column that the model doesn't know, unless that is to be kept", async () => {
    const batch = await scoring();
    writeFileSync(batch.path("in.csv"), "id,days,weigth\na,3,80\n");
    expect([await batch.run("in.csv", "out.csv"), batch.written.err]).toEqual([
      2,
      `perennial: ${batch.path("in.csv")} has columns that the model doesn't read:\n` +
        "  id: unknown field; leave it out\n" +
        '  weigth: unknown field; did you mean "weight"?\n' +
        "Columns that are to be carried along and not read can be named with --keep.\n",
    ]);
    writeFileSync(batch.path("kept.csv"), "id,days\na,3\n");
    expect(await batch.run("kept.csv", "kept-out.csv", "--keep", "id")).toBe(0);
    expect(batch.read("kept-out.csv")).toMatch(
      /^id,days,predicted_probability,predicted_flagged\na,3,0\.\d+,false\n$/,
    );
  });

  it("is no success where nothing could be scored", async () => {
    const batch = await scoring();
    writeFileSync(batch.path("in.csv"), "days\n99\n");
    expect(await batch.run("in.csv", "out.csv")).toBe(1);
  });

  it("with a quote that is never closed loses that row and no other", async () => {
    const batch = await scoring();
    writeFileSync(batch.path("in.csv"), 'days,payer\n3,x\n4,"x\n');
    expect(await batch.run("in.csv", "out.csv")).toBe(0);
    expect(batch.read("out.csv.errors.jsonl")).toBe(
      '{"line":3,"faults":[{"field":null,"message":"a quoted field is never closed"}]}\n',
    );
  });
});

describe("a file of JSON Lines", { timeout: 30_000 }, () => {
  it("gets its predictions as a field of each object", async () => {
    const batch = await scoring(DURATION_ARTIFACT);
    writeFileSync(batch.path("in.jsonl"), '{"severity": 3}\n{}\n{"severity":\n[1]\n');
    expect(await batch.run("in.jsonl", "out.jsonl")).toBe(0);
    expect(batch.read("out.jsonl")).toBe(
      '{"severity": 3,"prediction":{"estimate":10,"lower":7,"upper":13}}\n' +
        '{"prediction":{"estimate":4,"lower":4,"upper":4}}\n',
    );
    expect(batch.read("out.jsonl.errors.jsonl")).toMatch(
      /^\{"line":3,.*isn't JSON.*\n\{"line":4,.*given an array.*\n$/,
    );
  });

  it("has its states looked up, each once", async () => {
    const batch = await scoring(MATCH_ARTIFACT);
    const asked: string[] = [];
    const state = (key: string): EntityState => ({ key, validFrom: "2026-01-20", columns: { points: 2 } });
    batch.connection.online = () => ({
      read: (wanted) => {
        asked.push(...wanted.map(({ key }) => key));
        return Promise.resolve(({ key }) => (key === "Nobody" ? undefined : state(key)));
      },
    });
    const match = (team: string) => JSON.stringify({ team, opponent: "Leeds", date: "2026-01-31" });
    writeFileSync(batch.path("in.jsonl"), [match("Arsenal"), match("Nobody"), match("Arsenal")].join("\n"));
    expect(await batch.run("in.jsonl", "out.jsonl")).toBe(0);
    expect(asked).toEqual(["Arsenal", "Leeds", "Nobody"]);
    const lines = batch.read("out.jsonl").trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      {
        team: "Arsenal",
        prediction: { probabilities: {} },
        lookedUp: [{ key: "Arsenal" }, { key: "Leeds" }],
      },
      { team: "Arsenal" },
    ]);
    expect(batch.read("out.jsonl.errors.jsonl")).toBe(
      '{"line":2,"faults":[{"field":"team","message":"given \\"Nobody\\"; team_form knows no such key, so send form with the record"}]}\n',
    );
  });

  it("is left where it was when the states can't be had", async () => {
    const batch = await scoring(MATCH_ARTIFACT);
    batch.connection.online = () => ({ read: () => Promise.reject(new Error("the table is away")) });
    writeFileSync(batch.path("in.jsonl"), '{"team":"Arsenal","opponent":"Leeds","date":"2026-01-31"}\n');
    expect([await batch.run("in.jsonl", "out.jsonl"), batch.written.err]).toEqual([
      1,
      "perennial: The scoring stopped: the table is away. Run the same command again to go on from where it was.\n",
    ]);
  });
});

describe("a run that stops", { timeout: 60_000 }, () => {
  /** Several blocks, now and then a bad row. */
  const rows = Array.from(
    { length: 40_000 },
    (_, row) => `${row % 997 === 0 ? 0 : 1 + (row % 14)},"${"x".repeat(100)}, ""y""",80`,
  );
  const CSV = `days,payer,weight\n${rows.join("\n")}\n`;

  it.each([
    ["in.csv", "out.csv", Buffer.from(CSV)],
    ["in.csv.gz", "out.csv.gz", gzipSync(CSV)],
  ])("and goes on ends in the bytes of one that didn't: %s", async (input, output, bytes) => {
    const batch = await scoring();
    writeFileSync(batch.path(input), bytes);
    expect(await batch.run(input, `whole-${output}`)).toBe(0);

    // Interrupted when it shows that it got somewhere.
    let looks = 0;
    const { now } = batch.context.clock;
    batch.context.clock.now = () => {
      looks += 1;
      if (looks === 5) batch.interruption.abort();
      return new Date(now().getTime() + looks * 3_000);
    };
    expect(await batch.run(input, output)).toBe(1);
    expect(batch.written.out).toContain("stopped. The same command goes on from here.");
    const progress = JSON.parse(batch.read(`${output}.progress.json`)) as { offset: number };
    expect(progress.offset).toBeGreaterThan(0);
    expect(progress.offset).toBeLessThan(CSV.length);

    // What was written after the progress was noted is lost to it.
    writeFileSync(
      batch.path(output),
      Buffer.concat([readFileSync(batch.path(output)), Buffer.from("half a row")]),
    );
    const resumed = { ...batch.context, interrupted: new AbortController().signal };
    Object.assign(batch.context, resumed);
    expect(await batch.run(input, output)).toBe(0);
    for (const suffix of ["", ".errors.jsonl"]) {
      const [whole, pieced] = [`whole-${output}`, output].map((name) =>
        readFileSync(batch.path(`${name}${suffix}`)),
      );
      expect(pieced?.equals(whole ?? Buffer.alloc(0))).toBe(true);
    }
    const text = output.endsWith(".gz")
      ? gunzipSync(readFileSync(batch.path(output))).toString()
      : batch.read(output);
    expect(text.split("\n").length).toBe(40_000 - 41 + 2);
  });

  it("isn't gone on with where the input, the output or the command has changed", async () => {
    const batch = await scoring();
    writeFileSync(batch.path("in.csv"), CSV);
    const stopped = async () => {
      const interruption = new AbortController();
      let looks = 0;
      Object.assign(batch.context, { interrupted: interruption.signal });
      batch.context.clock.now = () => {
        looks += 1;
        if (looks === 5) interruption.abort();
        return new Date(looks * 3_000);
      };
      await batch.run("in.csv", "out.csv", "--restart");
      Object.assign(batch.context, { interrupted: new AbortController().signal });
      batch.written.err = "";
    };
    await stopped();
    expect(await batch.run("in.csv", "out.csv", "--keep", "id")).toBe(2);
    expect(batch.written.err).toContain("was begun by another command: start anew with --restart.");

    await stopped();
    writeFileSync(batch.path("in.csv"), CSV.replace("3,", "4,"));
    expect(await batch.run("in.csv", "out.csv")).toBe(2);
    expect(batch.written.err).toContain("has changed since the run that wrote the progress");

    writeFileSync(batch.path("in.csv"), CSV);
    await stopped();
    truncateSync(batch.path("out.csv"), 10);
    expect(await batch.run("in.csv", "out.csv")).toBe(2);
    expect(batch.written.err).toContain("holds 10 bytes, but the progress tells of");
  });
});

describe("before anything is scored", () => {
  it.each([
    ["in.txt", "out.csv", [], "in.txt doesn't say what it holds"],
    ["in.csv", "out.jsonl", [], "records are kept as they stand, so both have to be the same."],
    ["in.csv", "out.csv", ["--workers", "0"], '--workers is "0", expected a whole number from 1 to 64.'],
    ["none.csv", "out.csv", [], "can't be read: ENOENT"],
    ["empty.csv", "out.csv", [], "is empty, expected a header and records."],
    ["in.csv", "there.csv", [], "is there already: name another file, or give --restart."],
  ])("%s to %s %j is refused", async (input, output, more, message) => {
    const batch = await scoring();
    writeFileSync(batch.path("in.csv"), "days\n3\n");
    writeFileSync(batch.path("empty.csv"), "\n");
    writeFileSync(batch.path("there.csv"), "precious");
    expect([await batch.run(input, output, ...more), batch.written.err.includes(message)]).toEqual([2, true]);
    expect(batch.read("there.csv")).toBe("precious");
  });

  it("an artifact that isn't the one in service is refused", async () => {
    const batch = await scoring();
    writeFileSync(batch.path("in.csv"), "days\n3\n");
    batch.s3
      .on(GetObjectCommand)
      .resolves({ Body: { transformToByteArray: () => Promise.resolve(Buffer.from("x")) } as never });
    expect(await batch.run("in.csv", "out.csv")).toBe(1);
    expect(batch.written.err).toMatch(
      /has the SHA-256 [0-9a-f]{64}, but [0-9a-f]{64} was put in service\.\n$/,
    );
  });
});
