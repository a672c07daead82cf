import { type AdmissionAnswer, RolloutInput, toCustomerMetadata } from "@perennial/contracts";
import { Entrance, executionName, Ledger, release } from "@perennial/ledger";
import { DescribeModelPackageCommand, SageMakerClient } from "@aws-sdk/client-sagemaker";
import { mockClient } from "aws-sdk-client-mock";
import { beforeEach, describe, expect, it } from "vitest";
import { createHandler } from "../../functions/admit-rollout/handler.ts";
import { Executions } from "../support/executions.ts";
import { LedgerTable, named } from "../support/ledger-table.ts";
import { RecordedTelemetry } from "../support/telemetry.ts";

const WORKLOAD = "hospital-readmission";
const GROUP = "perennial-dev-hospital-readmission";
const MACHINE =
  "arn:aws:states:eu-central-1:123456789012:stateMachine:perennial-dev-hospital-readmission-rollout";
const BASELINE = "b".repeat(64);

const arnOf = (version: number) =>
  `arn:aws:sagemaker:eu-central-1:123456789012:model-package/${GROUP}/${version}`;
const shaOf = (version: number) => (version === 1 ? BASELINE : version.toString(16).padStart(64, "0"));
const targetOf = (version: number) => ({
  version,
  modelPackageArn: arnOf(version),
  modelDataUrl: `s3://artifacts/models/${version}/model.tar.gz`,
  artifactSha256: shaOf(version),
});
const nameOf = (id: string) => executionName(WORKLOAD, MACHINE, id);

const sageMaker = mockClient(SageMakerClient);
/** Versions that the registry holds, with their status. */
let registry: Map<number, string>;

beforeEach(() => {
  registry = new Map([1, 2, 3, 4, 5].map((version) => [version, "Approved"]));
  sageMaker.reset();
  sageMaker
    .on(DescribeModelPackageCommand)
    .callsFake(({ ModelPackageName }: { ModelPackageName: string }) => {
      const version = Number(ModelPackageName.split("/").at(-1));
      const status = registry.get(version);
      if (status === undefined || ModelPackageName !== arnOf(version)) {
        throw named("ValidationException", `ModelPackage ${ModelPackageName} does not exist.`);
      }
      const { modelDataUrl, artifactSha256 } = targetOf(version);
      return {
        ModelPackageArn: ModelPackageName,
        ModelPackageVersion: version,
        ModelApprovalStatus: status,
        ApprovalDescription: `AUC of version ${version} is better.`,
        InferenceSpecification: { Containers: [{ ModelDataUrl: modelDataUrl }] },
        CustomerMetadataProperties: toCustomerMetadata({
          execution: `${WORKLOAD}-${version.toString(16).padStart(12, "0")}`,
          artifactVersion: "0123456789ab",
          artifactSha256,
          dataSha256: "d".repeat(64),
          specSha256: "e".repeat(64),
          codeSha256: "c".repeat(64),
          trainingJob: "job",
          verdictUri: "s3://artifacts/verdicts/v.json",
          evaluationUri: "s3://artifacts/evaluations/e.json",
          auditUri: "s3://artifacts/audits/a.json",
          snapshotSha256: "5".repeat(64),
          gateUri: "s3://lake/gates/a/gate.json",
          cardUri: "s3://artifacts/cards/a/card.json",
        }),
      };
    });
});

function open() {
  const table = new LedgerTable();
  const executions = new Executions();
  const telemetry = new RecordedTelemetry();
  const ledger = new Ledger(table, "ledger");
  const clock = { now: new Date("2026-01-04T03:00:00Z") };
  const admit = createHandler({
    ledger,
    entrance: new Entrance(ledger, executions),
    sageMaker,
    telemetry,
    workloads: {
      [WORKLOAD]: {
        stateMachineArn: MACHINE,
        modelPackageGroup: GROUP,
        leaseMinutes: 60,
        baselineSha256: BASELINE,
      },
    },
    clock: () => clock.now,
  });
  /** What the rollout writes when it has put `version` in service. */
  const putInService = (version: number, previous: number, movedAt = "2026-01-04T03:00:00Z") => {
    const { modelPackageArn, modelDataUrl, artifactSha256 } = targetOf(version);
    table.put({
      pk: `workload#${WORKLOAD}`,
      sk: "pointer",
      workload: WORKLOAD,
      version,
      modelPackageArn,
      modelDataUrl,
      artifactSha256,
      modelName: `m${version}`,
      endpointConfigName: `c${version}`,
      movedAt,
      execution: `${WORKLOAD}-${version.toString(16).padStart(12, "0")}`,
      token: 1,
      previous: { version: previous, modelName: "m", endpointConfigName: "c" },
    });
  };
  const end = async (id: string) => {
    executions.end(nameOf(id));
    await ledger.decide(WORKLOAD, "rollout", (state) => ({
      state: release(state, nameOf(id)),
      decision: null,
    }));
  };
  return { table, executions, telemetry, ledger, clock, admit, putInService, end };
}

const approval = (version: number, id = `a${version}`, time = "2026-01-04T02:30:00Z") => ({
  kind: "approval",
  id,
  time,
  modelPackageArn: arnOf(version),
  modelPackageGroup: GROUP,
  version,
});
const request = (
  kind: string,
  version?: number,
  id = `r-${kind}-${version}`,
  time = "2026-01-04T02:40:00Z",
) => ({
  kind: "request",
  id,
  time,
  detail: {
    stack: "dev",
    workload: WORKLOAD,
    kind,
    ...(version === undefined ? {} : { version }),
    reason: "it is bad",
    requestedBy: "ada",
  },
});
const sweep = { kind: "re-entry", id: "s", time: "2026-01-04T03:15:00Z" };
const inShort = ({ decisions }: AdmissionAnswer) =>
  decisions.map(({ decision, reason }) => `${decision}: ${reason}`);

describe("an approval", () => {
  it("starts the rollout of its version, with the artifact that the registry names", async () => {
    const { executions, telemetry, admit } = open();
    const execution = nameOf("a2");
    const reason = "version 2 was approved: AUC of version 2 is better.";
    expect(await admit(approval(2))).toEqual({
      decisions: [{ workload: WORKLOAD, decision: "started", execution, reason: `approval: ${reason}` }],
    });
    const cause = { kind: "approval", id: "a2", time: "2026-01-04T02:30:00Z", reason, coalesced: 0 };
    const input = { workload: WORKLOAD, execution, cause, token: 1, target: targetOf(2) };
    expect(RolloutInput.parse(input)).toEqual(input);
    expect(executions.started.map(({ input }) => input)).toEqual([JSON.stringify(input)]);
    expect(telemetry.counts).toEqual([["AdmissionDecisions", { workload: WORKLOAD, decision: "started" }]]);
  });

  it("of the baseline, before the first rollout, finds it in service", async () => {
    const { executions, admit } = open();
    expect(inShort(await admit(approval(1)))).toEqual([
      "already-in-service: version 1 is the model in service",
    ]);
    expect(executions.started).toEqual([]);
  });

  it("of what is in service, or older, starts nothing", async () => {
    const { executions, admit, putInService } = open();
    putInService(3, 1);
    expect(inShort(await admit(approval(3)))).toEqual([
      "already-in-service: version 3 is the model in service",
    ]);
    expect(inShort(await admit(approval(2)))).toEqual([
      "superseded: version 3 is in service and newer than version 2",
    ]);
    expect(executions.started).toEqual([]);
  });

  it("that comes after its version lost it starts nothing", async () => {
    const { admit } = open();
    registry.set(2, "Rejected");
    expect(inShort(await admit(approval(2)))).toEqual(["superseded: version 2 is Rejected by now"]);
  });

  it("from before a rollback doesn't undo it; a later one does", async () => {
    const { admit, putInService } = open();
    putInService(2, 4, "2026-01-04T02:50:00Z");
    expect(inShort(await admit(approval(3, "late")))).toEqual([
      "superseded: the endpoint was moved from version 4 back to version 2 at 2026-01-04T02:50:00Z, after version 3 was approved",
    ]);
    expect(inShort(await admit(approval(4, "again", "2026-01-04T02:55:00Z")))).toEqual([
      "started: approval: version 4 was approved: AUC of version 4 is better.",
    ]);
  });

  it("older than a rollout on its way or waiting is superseded; a newer one waits for its turn", async () => {
    const { executions, admit, putInService, end } = open();
    await admit(approval(3));
    expect(inShort(await admit(approval(2)))).toEqual([
      "superseded: the approval of version 3 is on its way and as new as version 2",
    ]);
    expect(inShort(await admit(approval(5)))).toEqual([
      `held: ${nameOf("a3")} holds the lease until 2026-01-04T04:00:00.000Z at most`,
    ]);
    expect(inShort(await admit(approval(4)))).toEqual([
      "superseded: the approval of version 5 is on its way and as new as version 4",
    ]);
    putInService(3, 1);
    await end("a3");
    expect(inShort(await admit(sweep))).toEqual([
      "started: approval: version 5 was approved: AUC of version 5 is better.",
    ]);
    expect(executions.started.map(({ name }) => name)).toEqual([nameOf("a3"), nameOf("a5")]);
  });

  it("older than a person's request on its way is superseded", async () => {
    const { admit, putInService } = open();
    putInService(3, 2);
    await admit(request("rollback", 2));
    expect(inShort(await admit(approval(4)))).toEqual([
      "superseded: the rollback of version 2 was asked for after version 4 was approved",
    ]);
  });

  it("delivered twice starts one rollout, whatever has happened since", async () => {
    const { executions, admit, putInService, end } = open();
    await admit(approval(2));
    putInService(2, 1);
    await end("a2");
    expect(inShort(await admit(approval(2)))).toEqual(["duplicate: trigger a2 was seen before"]);
    expect(executions.started.map(({ name }) => name)).toEqual([nameOf("a2")]);
  });

  it("that waited and was taken back meanwhile is dropped", async () => {
    const { table, executions, admit, end } = open();
    await admit(approval(2));
    await admit(approval(3));
    registry.set(3, "Rejected");
    await end("a2");
    expect(inShort(await admit(sweep))).toEqual([
      "superseded: what had waited is dropped: version 3 is Rejected by now",
      "nothing-pending: nothing waits",
    ]);
    expect(table.contents).toMatchObject([{ pending: null, holder: null }]);
    expect(executions.started.map(({ name }) => name)).toEqual([nameOf("a2")]);
  });

  it("that waited with others and was taken back leaves them to bring up what is in service", async () => {
    const { executions, admit, putInService, end } = open();
    await admit(approval(2));
    await admit(approval(3));
    await admit(request("rollback", 1));
    await admit(request("image", undefined, "image", "2026-01-04T02:50:00Z"));
    registry.set(1, "Rejected");
    putInService(2, 0);
    await end("a2");
    expect(inShort(await admit(sweep))).toEqual([
      "superseded: what had waited is dropped: version 1 is Rejected by now",
      "started: image: joined to a rollout that was dropped: version 1 is Rejected by now, with 1 more that had waited",
    ]);
    expect(JSON.parse(executions.started[1]!.input)).toMatchObject({
      cause: { kind: "image", coalesced: 1 },
      target: targetOf(2),
    });
  });

  it("of a package that register-model didn't make is refused, with what is missing", async () => {
    const { telemetry, admit } = open();
    sageMaker.on(DescribeModelPackageCommand).resolves({
      ModelPackageArn: arnOf(2),
      ModelPackageVersion: 2,
      ModelApprovalStatus: "Approved",
      CustomerMetadataProperties: toMetadataWithout("artifactSha256"),
    });
    expect(inShort(await admit(approval(2)))).toEqual([
      `refused: ${arnOf(2)} was not made by register-model: artifactSha256: given nothing; expected string, received undefined`,
    ]);
    expect(telemetry.counts).toEqual([["AdmissionDecisions", { workload: WORKLOAD, decision: "refused" }]]);
  });
});

describe("a request", () => {
  it("to roll back goes to an older version, and says who asked", async () => {
    const { executions, admit, putInService } = open();
    putInService(4, 3);
    expect(inShort(await admit(request("rollback", 2)))).toEqual(["started: rollback: it is bad"]);
    expect(JSON.parse(executions.started[0]!.input)).toMatchObject({
      cause: { kind: "rollback", requestedBy: "ada" },
      target: targetOf(2),
    });
  });

  it("to roll back without a version goes to what was in service before", async () => {
    const { executions, admit, putInService } = open();
    putInService(4, 2);
    await admit(request("rollback"));
    expect(JSON.parse(executions.started[0]!.input).target).toEqual(targetOf(2));
  });

  it("to roll back the first rollout goes to the baseline, which is version 1", async () => {
    const { executions, admit, putInService } = open();
    putInService(2, 0);
    await admit(request("rollback"));
    expect(JSON.parse(executions.started[0]!.input).target).toEqual(targetOf(1));
  });

  it("for a changed image brings up what is in service when it starts", async () => {
    const { executions, admit, putInService, end } = open();
    putInService(2, 1);
    await admit(approval(3));
    expect(inShort(await admit(request("image")))).toEqual([
      `held: ${nameOf("a3")} holds the lease until 2026-01-04T04:00:00.000Z at most`,
    ]);
    putInService(3, 2);
    await end("a3");
    await admit(sweep);
    expect(JSON.parse(executions.started[1]!.input)).toMatchObject({
      cause: { kind: "image" },
      target: targetOf(3),
    });
  });

  it("for a changed image, before the first rollout, brings up the registered baseline", async () => {
    const { executions, admit } = open();
    await admit(request("image"));
    expect(JSON.parse(executions.started[0]!.input)).toMatchObject({
      cause: { kind: "image" },
      target: targetOf(1),
    });
  });

  it("for what is in service means to keep it, when something else is on its way", async () => {
    const { admit, putInService } = open();
    putInService(2, 1);
    await admit(approval(3));
    expect(inShort(await admit(request("promote", 2)))).toEqual([
      `held: ${nameOf("a3")} holds the lease until 2026-01-04T04:00:00.000Z at most`,
    ]);
  });

  it.each([
    [request("rollback", 9), `refused: ${arnOf(9)} does not exist`],
    [
      request("promote", 5),
      "refused: version 5 is Rejected (AUC of version 5 is better.); only an approved version goes into service",
    ],
    [request("promote"), "refused: a promotion needs the version to put in service"],
    [request("image", 3), "refused: a changed image keeps the version in service; promote version 3 instead"],
    [
      request("promote", 4),
      "already-in-service: version 4 is the model in service; to bring it up anew, ask for a rollout of the image",
    ],
  ])("that can't be met is answered with its reason, and changes nothing: %j", async (event, answer) => {
    const { table, executions, admit, putInService } = open();
    registry.set(5, "Rejected");
    putInService(4, 3);
    expect(inShort(await admit(event))).toEqual([answer]);
    expect(executions.started).toEqual([]);
    expect(table.contents.map(({ sk }) => sk)).toEqual(["pointer"]);
  });

  it.each([
    [request("rollback"), "refused: the baseline is in service and nothing was before it"],
    [request("image"), `refused: the baseline is not registered yet: ${arnOf(1)} does not exist`],
  ])("that means nothing before the first rollout is refused: %j", async (event, answer) => {
    const { admit } = open();
    registry.clear();
    expect(inShort(await admit(event))).toEqual([answer]);
  });

  it.each([
    [
      { ...approval(2), modelPackageGroup: "somebody-elses" },
      'event of admit-rollout is refused, 1 fault:\n  modelPackageGroup: given "somebody-elses"; expected one of perennial-dev-hospital-readmission',
    ],
    [
      { ...request("rollback", 2), detail: { ...request("rollback", 2).detail, workload: "churn" } },
      'event of admit-rollout is refused, 1 fault:\n  detail.workload: given "churn"; expected one of hospital-readmission',
    ],
    [
      { ...approval(2), version: "2" },
      'event of admit-rollout is refused, 1 fault:\n  version: given "2"; expected number, received string',
    ],
  ])("that isn't for this stack is an error: %j", async (event, message) => {
    const { admit } = open();
    await expect(admit(event)).rejects.toThrow(message);
  });
});

describe("a registry that can't be read", () => {
  it("is an error, so that the event is delivered again, and leaves no lease behind", async () => {
    const { table, admit } = open();
    sageMaker.on(DescribeModelPackageCommand).rejects(named("AccessDeniedException", "not allowed"));
    await expect(admit(approval(2))).rejects.toThrow("not allowed");
    expect(table.contents).toEqual([]);
  });
});

function toMetadataWithout(key: string): Record<string, string> {
  const metadata = toCustomerMetadata({
    execution: "baseline",
    artifactVersion: "baseline",
    artifactSha256: BASELINE,
    dataSha256: "none",
    specSha256: BASELINE,
    codeSha256: BASELINE,
    trainingJob: "none",
    verdictUri: "none",
    evaluationUri: "none",
    auditUri: "none",
    snapshotSha256: "none",
    gateUri: "none",
    cardUri: "none",
  });
  return Object.fromEntries(Object.entries(metadata).filter(([name]) => name !== key));
}

describe("a freeze", () => {
  const asked = { stack: "dev", workload: WORKLOAD, reason: "audit", requestedBy: "ada" };
  const freeze = {
    kind: "freeze",
    id: "f1",
    time: "2026-01-04T02:30:00Z",
    detail: { ...asked, frozen: true, until: "2026-02-01T00:00:00Z" },
  };

  it("holds an approval back, lets a rollback pass, and stands in the history once", async () => {
    const { admit, ledger, putInService } = open();
    putInService(3, 2);
    await admit(freeze);
    await admit(freeze);
    const approval = {
      kind: "approval",
      id: "a1",
      time: "2026-01-04T02:40:00Z",
      modelPackageArn: arnOf(4),
      modelPackageGroup: GROUP,
      version: 4,
    };
    expect((await admit(approval)).decisions).toMatchObject([
      { decision: "held", reason: "frozen by ada until 2026-02-01T00:00:00Z (audit)" },
    ]);
    const rollback = {
      kind: "request",
      id: "r1",
      time: "2026-01-04T02:50:00Z",
      detail: { ...asked, kind: "rollback", version: 2 },
    };
    expect((await admit(rollback)).decisions).toMatchObject([
      { decision: "started", execution: nameOf("r1") },
    ]);
    expect(await ledger.listHistory(WORKLOAD, { limit: 10 })).toMatchObject([
      { kind: "freeze", outcome: "frozen", execution: nameOf("f1"), startedAt: freeze.time },
    ]);
  });
});
