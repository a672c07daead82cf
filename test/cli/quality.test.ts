import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GetObjectCommand } from "@aws-sdk/client-s3";
import { DescribeModelPackageCommand } from "@aws-sdk/client-sagemaker";
import { describe, expect, it, onTestFinished } from "vitest";
import { figureOf, type Floor, floorText, isReached, readFloors } from "../../apps/cli/floors.ts";
import { auditOf, BINARY, MULTICLASS, REGRESSION } from "./metrics.ts";
import { bodyOf, DESCRIBED, openStack, POINTER, WORKLOAD } from "./stack.ts";

function floorsFile(floors: unknown): string {
  const folder = mkdtempSync(join(tmpdir(), "perennial-floors-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "floors.json");
  writeFileSync(path, JSON.stringify(floors));
  return path;
}

/** A stack whose live version has the figures of `BINARY` on the audit part. */
function measured(pointer: typeof POINTER | null = POINTER) {
  const stack = openStack({ pointer });
  const lineage = { auditUri: "s3://bucket/audit.json" };
  stack.sageMaker.on(DescribeModelPackageCommand).resolves({
    ...DESCRIBED,
    CustomerMetadataProperties: { ...DESCRIBED.CustomerMetadataProperties, ...lineage },
  });
  stack.s3.on(GetObjectCommand).resolves({ Body: bodyOf(auditOf(BINARY)) });
  return stack;
}

describe("quality", () => {
  const FLOORS = [
    { workload: WORKLOAD, figure: "rocAuc", title: "AUC", atLeast: 0.67 },
    { workload: WORKLOAD, figure: "decision.f1Gain", bound: "lower", title: "F1 gained", above: 0.05 },
    { workload: "another", figure: "rmse", title: "RMSE", atMost: 1 },
  ];

  it("holds live models against their floors and fails where one isn't reached", async () => {
    const stack = measured();
    expect([await stack.run("quality", "--floors", floorsFile(FLOORS)), stack.written.out]).toEqual([
      1,
      `workload                figure     audit, 95 % interval       floor                              measured on
${WORKLOAD}:3  AUC        0.7000 (0.6900 to 0.7100)  0.67 or more          reached      1,200 rows, 1,000 groups
${WORKLOAD}:3  F1 gained  0.0600 (0.0500 to 0.0700)  lower end above 0.05  NOT REACHED  1,200 rows, 1,000 groups
`,
    ]);
  });

  it("prints the table as Markdown", async () => {
    const stack = measured();
    expect(await stack.run("quality", "--markdown", "--floors", floorsFile(FLOORS.slice(0, 1)))).toBe(0);
    expect(stack.written.out).toBe(
      "| workload | figure | audit, 95 % interval | floor |  | measured on |\n" +
        "| --- | --- | --- | --- | --- | --- |\n" +
        `| ${WORKLOAD}:3 | AUC | 0.7000 (0.6900 to 0.7100) | 0.67 or more | reached | 1,200 rows, 1,000 groups |\n`,
    );
  });

  it("shows the primary figure of a workload without floors", async () => {
    const stack = measured();
    expect(await stack.run("quality", "--floors", floorsFile([]))).toBe(0);
    expect(stack.written.out).toContain("AUC 0.7000 (0.6900 to 0.7100)");
  });

  it("doesn't take a baseline for a model that reached anything", async () => {
    const stack = measured(null);
    expect(await stack.run("quality", "--json", "--floors", floorsFile(FLOORS.slice(0, 1)))).toBe(1);
    expect(JSON.parse(stack.written.out)).toMatchObject({
      figures: [{ workload: WORKLOAD, version: null, measured: null, isReached: false }],
    });
  });

  it.each([
    ["/nowhere/floors.json", "The floors /nowhere/floors.json can't be read"],
    [
      [{ workload: WORKLOAD, figure: "rmse", title: "RMSE", atMost: 1 }],
      "but a binary model has no such figure",
    ],
  ])("says what is wrong with floors", async (floors, message) => {
    const stack = measured();
    const path = typeof floors === "string" ? floors : floorsFile(floors);
    expect([await stack.run("quality", "--floors", path), stack.written.err.includes(message)]).toEqual([
      2,
      true,
    ]);
  });
});

describe("floors", () => {
  const base = { workload: "any-workload", figure: "x", title: "x", bound: "value" } as const;
  const limits = { atLeast: undefined, atMost: undefined, above: undefined };
  const estimate = { value: 0.9, lower: 0.88, upper: 0.92 };
  it.each<[Partial<Floor>, boolean, string]>([
    [{ atLeast: 0.9 }, true, "0.9 or more"],
    [{ atLeast: 0.91 }, false, "0.91 or more"],
    [{ atMost: 0.89 }, false, "0.89 or less"],
    [{ atLeast: 0.88, atMost: 0.92 }, true, "0.88 to 0.92"],
    [{ above: 0.9 }, false, "above 0.9"],
    [{ above: 0.87, bound: "lower" }, true, "lower end above 0.87"],
  ])("%j", (change, reached, text) => {
    const floor = { ...base, ...limits, ...change } as Floor;
    expect([isReached(floor, estimate), floorText(floor)]).toEqual([reached, text]);
    expect(isReached(floor, { value: null, lower: null, upper: null })).toBe(false);
  });

  it("in docs/quality-floors.json name figures that some task has", async () => {
    const floors = await readFloors(join(import.meta.dirname, "../../docs/quality-floors.json"));
    const isFigure = (floor: Floor) =>
      [BINARY, MULTICLASS, REGRESSION].some((metrics) => {
        try {
          return figureOf(floor, metrics).value !== null;
        } catch {
          return false;
        }
      });
    expect(floors.filter((floor) => !isFigure(floor))).toEqual([]);
  });
});
