import { GetObjectCommand } from "@aws-sdk/client-s3";
import {
  DescribeModelPackageCommand,
  ListModelPackagesCommand,
  UpdateModelPackageCommand,
} from "@aws-sdk/client-sagemaker";
import type { Verdict } from "@perennial/contracts";
import { TrackingAway, TrackingRefused } from "@perennial/tracking";
import { describe, expect, it } from "vitest";
import { auditOf, BINARY, evaluationOf, MULTICLASS, REGRESSION } from "./metrics.ts";
import { bodyOf, DESCRIBED, openStack, PLATFORM, POINTER, VERDICT, WORKLOAD } from "./stack.ts";

const arnOf = (version: number, workload = WORKLOAD) =>
  `arn:aws:sagemaker:eu-central-1:123456789012:model-package/perennial-dev-${workload}/${version}`;

interface Registered {
  version: number;
  status?: "Approved" | "PendingManualApproval" | "Rejected";
  lineage?: Record<string, string>;
}

/** A stack whose registry holds these versions, of which 3 is live, and whose bucket holds these documents. */
function registryOf(versions: Registered[], documents: Record<string, unknown> = {}) {
  const stack = openStack({ pointer: POINTER });
  stack.sageMaker.on(DescribeModelPackageCommand).rejects(new Error("ModelPackage does not exist."));
  for (const { version, status = "Approved", lineage = {} } of versions) {
    stack.sageMaker.on(DescribeModelPackageCommand, { ModelPackageName: arnOf(version) }).resolves({
      ...DESCRIBED,
      ModelPackageArn: arnOf(version),
      ModelPackageVersion: version,
      ModelApprovalStatus: status,
      CustomerMetadataProperties: { ...DESCRIBED.CustomerMetadataProperties, ...lineage },
    });
  }
  stack.sageMaker.on(UpdateModelPackageCommand).resolves({});
  const all: Record<string, unknown> = { "verdicts/1.json": VERDICT, ...documents };
  for (const [Key, document] of Object.entries(all)) {
    stack.s3.on(GetObjectCommand, { Bucket: "bucket", Key }).resolves({ Body: bodyOf(document) });
  }
  return stack;
}

const evaluated = (name: string) => ({
  auditUri: `s3://bucket/${name}/audit.json`,
  evaluationUri: `s3://bucket/${name}/evaluation.json`,
});

describe("models list", () => {
  it("lists every page of the registry, newest first, and marks what is live", async () => {
    const stack = registryOf(
      [
        { version: 4, status: "PendingManualApproval", lineage: evaluated("4") },
        { version: 3 },
        { version: 2, status: "Rejected" },
      ],
      { "4/audit.json": auditOf(BINARY) },
    );
    const summary = (version: number) => ({
      ModelPackageVersion: version,
      ModelPackageGroupName: "g",
      ModelPackageArn: arnOf(version),
      CreationTime: new Date(0),
      ModelPackageStatus: "Completed" as const,
    });
    stack.sageMaker
      .on(ListModelPackagesCommand)
      .resolvesOnce({ ModelPackageSummaryList: [summary(3), summary(4)], NextToken: "more" })
      .resolves({ ModelPackageSummaryList: [summary(2)] });
    expect([await stack.run("models", "list", WORKLOAD), stack.written.out]).toEqual([
      0,
      `model                   approval        registered (UTC)     audit, 95 % interval
${WORKLOAD}:4  Pending         2026-03-01 10:04:50  AUC 0.7000 (0.6900 to 0.7100)
${WORKLOAD}:3  Approved  live  2026-03-01 10:04:50  never evaluated
${WORKLOAD}:2  Rejected        2026-03-01 10:04:50  never evaluated
`,
    ]);
    expect(stack.sageMaker.commandCalls(ListModelPackagesCommand)[0]!.args[0].input).toMatchObject({
      ModelPackageGroupName: `perennial-dev-${WORKLOAD}`,
    });
  });

  it("shows what the tracking server calls them, and goes on without it", async () => {
    const stack = registryOf([{ version: 3 }]);
    stack.sageMaker
      .on(ListModelPackagesCommand)
      .resolves({ ModelPackageSummaryList: [{ ...PACKAGE, ModelPackageVersion: 3 }] });
    const tracked = { version: 7, aliases: ["champion"], runId: "ab12", runUrl: null };
    stack.connection.tracking = { readModels: () => Promise.resolve(new Map([[arnOf(3), tracked]])) };
    await stack.run("models", "list", "--json");
    expect(JSON.parse(stack.written.out)).toEqual({
      stack: "local",
      models: [
        {
          workload: WORKLOAD,
          version: 3,
          approvalStatus: "Approved",
          isLive: true,
          registeredAt: "2026-03-01T10:04:50.000Z",
          execution: DESCRIBED.CustomerMetadataProperties.execution,
          artifactVersion: "0123456789ab",
          audit: null,
          tracked,
        },
      ],
      trackingFault: null,
    });
    stack.written.out = "";
    await stack.run("models", "list");
    expect(stack.written.out.split("\n")[1]).toContain("7 champion");
    const away = new TrackingAway("GET registered-models/get", "no answer of http://127.0.0.1:1 in 5000 ms");
    stack.connection.tracking = { readModels: () => Promise.reject(away) };
    stack.written.out = "";
    expect([await stack.run("models", "list"), stack.written.err]).toEqual([
      0,
      "tracking: unreachable (no answer of http://127.0.0.1:1 in 5000 ms)\n",
    ]);
    expect(stack.written.out).not.toContain("champion");
  });

  it("says that nothing is registered yet", async () => {
    const stack = registryOf([]);
    stack.sageMaker.on(ListModelPackagesCommand).resolves({});
    await stack.run("models", "list");
    expect(stack.written.out).toBe("No version is registered yet: perennial retrain makes the first one.\n");
  });
});

const PACKAGE = {
  ModelPackageGroupName: "g",
  ModelPackageArn: arnOf(3),
  CreationTime: new Date(0),
  ModelPackageStatus: "Completed" as const,
};

describe("models show", () => {
  const documents = { "3/audit.json": auditOf(REGRESSION), "3/evaluation.json": evaluationOf(REGRESSION) };
  const lineage = { ...evaluated("3"), cardUri: "s3://bucket/cards/3/card.json" };

  it("shows the live version: figures with intervals, slices, lineage and card", async () => {
    const stack = registryOf([{ version: 3, lineage }], documents);
    expect(await stack.run("models", "show", WORKLOAD)).toBe(0);
    expect(stack.written.out).toMatchInlineSnapshot(`
      "hospital-readmission:3: Approved, live, registered 2026-03-01 10:04:50 UTC
      AUC is 0.0210 higher (0.0120 to 0.0300).

      Verdict: better. perennial why tells every rule.

      figures, 95 % intervals        holdout (the gate's)       audit (no gate's)
      size                           600 rows, 500 groups       1,200 rows, 1,000 groups
      RMSE                           3.62 (3.61 to 3.63)        3.62 (3.61 to 3.63)
      MAE                            2.50 (2.49 to 2.51)        2.50 (2.49 to 2.51)
      R²                             0.6000 (0.5900 to 0.6100)  0.6000 (0.5900 to 0.6100)
      RMSE in standard deviations    0.6300 (0.6200 to 0.6400)  0.6300 (0.6200 to 0.6400)
      mean error                     0.1000 (0.0900 to 0.1100)  0.1000 (0.0900 to 0.1100)
      coverage of the 90 % interval  0.9050 (0.8950 to 0.9150)  0.9050 (0.8950 to 0.9150)
      mean width of the interval     11.5000                    11.5000

      slice of the audit part  size      primary
      age [70-80)              300 rows  0.6800

      model package  arn:aws:sagemaker:eu-central-1:123456789012:model-package/perennial-dev-hospital-readmission/3
      artifact       s3://bucket/models/3/model.tar.gz
      training job   hospital-readmission-0123456789ab-train-0
      made from      snapshot 555555555555, data bbbbbbbbbbbb, spec cccccccccccc, code dddddddddddd
      model card     s3://bucket/cards/3/card.html
      "
    `);
  });

  const champion = {
    version: 7,
    aliases: ["champion"],
    runId: "ab12",
    runUrl: "http://127.0.0.1:1/#/runs/ab12",
  };
  const away = new TrackingAway("GET registered-models/get", "no answer of http://127.0.0.1:1 in 5000 ms");
  it.each([
    [
      () => Promise.resolve(new Map([[arnOf(3), champion]])),
      `version 7 champion, run ${champion.runUrl}`,
      "",
    ],
    [() => Promise.resolve(new Map()), "no version yet: it follows SageMaker's registry", ""],
    [
      () => Promise.reject(away),
      "tracking: unreachable (no answer of http://127.0.0.1:1 in 5000 ms)",
      "tracking: unreachable (no answer of http://127.0.0.1:1 in 5000 ms)\n",
    ],
    [
      () => Promise.reject(new TrackingRefused("GET x", "403", "not yours")),
      "tracking: no answer to use (GET x: 403: not yours)",
      "tracking: no answer to use (GET x: 403: not yours)\n",
    ],
  ])("shows beside it how MLflow has the version (%#)", async (readModels, state, warning) => {
    const stack = registryOf([{ version: 3, lineage }], documents);
    stack.connection.tracking = { readModels };
    expect([await stack.run("models", "show", "3"), stack.written.err]).toEqual([0, warning]);
    expect(stack.written.out.trimEnd().split("\n").at(-1)).toBe(`MLflow         ${state}`);
  });

  it("shows the figures of several classes", async () => {
    const stack = registryOf([{ version: 3, lineage }], {
      "3/audit.json": auditOf(MULTICLASS),
      "3/evaluation.json": evaluationOf(MULTICLASS),
    });
    await stack.run("models", "show", `${WORKLOAD}:3`);
    expect(/figures[^]*\n\n/.exec(stack.written.out)?.[0].split("\n\n")[0]).toMatchInlineSnapshot(`
      "figures, 95 % intervals        holdout (the gate's)       audit (no gate's)
      size                           600 rows, 500 groups       1,200 rows, 1,000 groups
      RPS                            0.2000 (0.1900 to 0.2100)  0.2000 (0.1900 to 0.2100)
      log loss                       1.01 (1 to 1.02)           1.01 (1 to 1.02)
      accuracy                       0.5200 (0.5100 to 0.5300)  0.5200 (0.5100 to 0.5300)
      RPS skill                      0.1000 (0.0900 to 0.1100)  0.1000 (0.0900 to 0.1100)
      RPS gained over class shares   0.0200 (0.0100 to 0.0300)  0.0200 (0.0100 to 0.0300)
      log loss gained over them      0.0500 (0.0400 to 0.0600)  0.0500 (0.0400 to 0.0600)
      win: rows, AUC                 1,200, 0.6600              1,200, 0.6600
      win: calibration slope         1.02 (1.01 to 1.03)        1.02 (1.01 to 1.03)
      win: mean predicted, observed  0.1100, 0.1000             0.1100, 0.1000"
    `);
  });

  it.each([
    [["show", "9"], 4, `${WORKLOAD} has no version 9 in the model package group perennial-dev-${WORKLOAD}`],
    [["show", "churn:1"], 4, 'The stack dev holds no workload "churn".'],
    [["show", "A:1"], 2, 'The model is "A:1", expected <workload>:<version>'],
    [["show", "0"], 4, "runs with the baseline that the program put in service, which isn't registered"],
  ])("%j", async (argv, code, message) => {
    const stack = registryOf([]);
    expect([await stack.run("models", ...argv), stack.written.err.includes(message)]).toEqual([code, true]);
  });
});

describe("models compare", () => {
  const better = { ...BINARY, rocAuc: { value: 0.72, lower: 0.71, upper: 0.73 } };
  const versions = [
    { version: 3, lineage: evaluated("3") },
    { version: 4, status: "PendingManualApproval" as const, lineage: evaluated("4") },
  ];

  it("shows the audit figures of two versions side by side, and whether their rows are the same", async () => {
    const stack = registryOf(versions, { "3/audit.json": auditOf(BINARY), "4/audit.json": auditOf(better) });
    expect(await stack.run("models", "compare", "3", `${WORKLOAD}:4`)).toBe(0);
    const lines = stack.written.out.split("\n");
    expect(lines.slice(0, 3)).toEqual([
      `figures, 95 % intervals     ${WORKLOAD}:3      ${WORKLOAD}:4`,
      "size                        1,200 rows, 1,000 groups    1,200 rows, 1,000 groups",
      "AUC                         0.7000 (0.6900 to 0.7100)   0.7200 (0.7100 to 0.7300)",
    ]);
    expect(lines.slice(-7, -1)).toEqual([
      "approval  Approved      PendingManualApproval",
      "snapshot  555555555555  555555555555",
      "spec      cccccccccccc  cccccccccccc",
      "artifact  0123456789ab  0123456789ab",
      "",
      "Both were measured on the same audit rows, but each interval is of one model by itself: two that overlap may still differ.",
    ]);
  });

  it("names both as MLflow has them", async () => {
    const stack = registryOf(versions, { "3/audit.json": auditOf(BINARY), "4/audit.json": auditOf(better) });
    const tracked = { version: 3, aliases: ["champion"], runId: "ab12", runUrl: null };
    stack.connection.tracking = { readModels: () => Promise.resolve(new Map([[arnOf(3), tracked]])) };
    await stack.run("models", "compare", "3", "4");
    expect(stack.written.out.split("\n").at(-4)).toBe("MLflow    3 champion");
    stack.written.out = "";
    await stack.run("models", "compare", "3", "4", "--json");
    expect(JSON.parse(stack.written.out)).toMatchObject({ models: [{ tracked }, { tracked: null }] });
  });

  it("compares versions of two workloads", async () => {
    const stack = registryOf(versions, { "3/audit.json": auditOf(BINARY) });
    const [workload] = PLATFORM.workloads;
    if (workload === undefined) throw new Error("expected a workload");
    const group = "perennial-dev-early";
    stack.connection.platform.workloads.push({ ...workload, name: "early", modelPackageGroup: group });
    stack.sageMaker.on(DescribeModelPackageCommand, { ModelPackageName: arnOf(2, "early") }).resolves({
      ...DESCRIBED,
      ModelPackageVersion: 2,
      CustomerMetadataProperties: { ...DESCRIBED.CustomerMetadataProperties, ...evaluated("early") },
    });
    const audit = auditOf(BINARY, { part: { ...auditOf(BINARY).part, sha256: "f".repeat(64) } });
    stack.s3
      .on(GetObjectCommand, { Bucket: "bucket", Key: "early/audit.json" })
      .resolves({ Body: bodyOf(audit) });
    expect(await stack.run("models", "compare", `${WORKLOAD}:3`, "early:2")).toBe(0);
    expect(stack.written.out.trimEnd().split("\n").at(-1)).toBe(
      "They were measured on different audit rows: a difference may be one of the rows.",
    );
  });

  it.each([
    [
      auditOf(REGRESSION),
      versions,
      2,
      `${WORKLOAD}:3 is a binary model and ${WORKLOAD}:4 a regression one: they share no figure.`,
    ],
    [
      undefined,
      [{ version: 3, lineage: evaluated("3") }, { version: 4 }],
      4,
      `${WORKLOAD}:4 was never evaluated: there is nothing to compare.`,
    ],
  ])("refuses what can't be compared", async (audit, registered, code, message) => {
    const stack = registryOf(registered, { "3/audit.json": auditOf(BINARY), "4/audit.json": audit });
    expect([await stack.run("models", "compare", "3", "4"), stack.written.err]).toEqual([
      code,
      `perennial: ${message}\n`,
    ]);
  });
});

describe("models approve", () => {
  const pending: Registered = { version: 4, status: "PendingManualApproval" };

  it("approves a better version with who decided and why", async () => {
    const stack = registryOf([pending]);
    expect([await stack.run("models", "approve", "4", "--reason", "looked at"), stack.written.out]).toEqual([
      0,
      `${WORKLOAD}:4 is approved; its rollout starts by itself, perennial status tells of it.\n`,
    ]);
    expect(stack.sageMaker.commandCalls(UpdateModelPackageCommand).map(({ args }) => args[0].input)).toEqual([
      {
        ModelPackageArn: arnOf(4),
        ModelApprovalStatus: "Approved",
        ApprovalDescription: "Approved by ada: looked at",
      },
    ]);
  });

  it.each([
    [
      () => Promise.resolve(new Map([[arnOf(4), { version: 8, aliases: [], runId: "cd34", runUrl: null }]])),
      " MLflow has it as version 8, run cd34, and follows.",
    ],
    [() => Promise.reject(new TrackingAway("GET x", "no answer")), ""],
  ])("changes SageMaker's registry only, whatever MLflow says (%#)", async (readModels, follower) => {
    const stack = registryOf([pending]);
    stack.connection.tracking = { readModels };
    expect([await stack.run("models", "approve", "4", "--reason", "looked at"), stack.written.out]).toEqual([
      0,
      `${WORKLOAD}:4 is approved; its rollout starts by itself, perennial status tells of it.${follower}\n`,
    ]);
    expect(stack.sageMaker.commandCalls(UpdateModelPackageCommand)).toHaveLength(1);
  });

  it("does nothing about one that was approved before", async () => {
    const stack = registryOf([{ version: 4 }]);
    await stack.run("models", "approve", "4", "--reason", "x", "--json");
    expect([JSON.parse(stack.written.out), stack.sageMaker.commandCalls(UpdateModelPackageCommand)]).toEqual([
      {
        model: `${WORKLOAD}:4`,
        modelPackageArn: arnOf(4),
        approvalStatus: "Approved",
        reason: "x",
        tracked: null,
        trackingFault: null,
      },
      [],
    ]);
  });

  const tie: Verdict = { ...VERDICT, status: "tie", reason: "No difference." };
  it.each([
    ["3", {}, `${WORKLOAD}:3 is live already.`],
    [
      "2",
      {},
      `${WORKLOAD}:2 is older than version 3, which is live: approvals only move forward, and this one would roll nothing out. ` +
        `To go back: perennial rollback ${WORKLOAD} --to 2.`,
    ],
    [
      "4",
      { "verdicts/1.json": tie },
      `The gate found ${WORKLOAD}:4 tie: No difference. Only a better one can be approved.`,
    ],
  ])("refuses version %s", async (version, documents, message) => {
    const stack = registryOf([{ version: 2 }, { version: 3 }, pending], documents);
    expect([await stack.run("models", "approve", version, "--reason", "x"), stack.written.err]).toEqual([
      1,
      `perennial: ${message}\n`,
    ]);
    expect(stack.sageMaker.commandCalls(UpdateModelPackageCommand)).toEqual([]);
  });

  it("wants a reason that the registry can keep", async () => {
    const stack = registryOf([pending]);
    expect(await stack.run("models", "approve", "4")).toBe(2);
    expect(await stack.run("models", "approve", "4", "--reason", "x".repeat(1024))).toBe(2);
    expect(stack.written.err).toContain("it takes 1041 characters, SageMaker keeps 1024.");
  });
});

describe("models reject", () => {
  it("rejects a version with who decided and why", async () => {
    const stack = registryOf([{ version: 4, status: "PendingManualApproval" }]);
    expect(await stack.run("models", "reject", "4", "--reason", "slices")).toBe(0);
    expect(stack.sageMaker.commandCalls(UpdateModelPackageCommand)[0]!.args[0].input).toEqual({
      ModelPackageArn: arnOf(4),
      ModelApprovalStatus: "Rejected",
      ApprovalDescription: "Rejected by ada: slices",
    });
  });

  it("refuses the live one", async () => {
    const stack = registryOf([{ version: 3 }]);
    expect([await stack.run("models", "reject", "3", "--reason", "x"), stack.written.err]).toEqual([
      1,
      `perennial: ${WORKLOAD}:3 is live, and rejecting it wouldn't take it out of service. ` +
        `Go back first: perennial rollback ${WORKLOAD}.\n`,
    ]);
  });
});
