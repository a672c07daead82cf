import { createHash } from "node:crypto";
import type { Evaluation, Verdict } from "@perennial/contracts";
import { Objects } from "@perennial/objects";
import { beforeAll, describe, expect, it } from "vitest";
import { createHandler } from "../../functions/register-model/handler.ts";
import { ModelPackages } from "../../functions/register-model/packages.ts";
import { artifactArchive, artifactFiles } from "../support/artifact.ts";
import { evaluationOf, EXECUTION, scoresOf, WORKLOAD } from "../support/evaluations.ts";
import { ModelPackageGroups } from "../support/model-packages.ts";
import { StoredObjects } from "../support/stored-objects.ts";
import { RecordedTelemetry } from "../support/telemetry.ts";

const GROUP = "perennial-test-readmission";
const arnOf = (version: number) =>
  `arn:aws:sagemaker:eu-central-1:123456789012:model-package/${GROUP}/${version}`;
const baselineUri = "s3://artifacts/baselines/test-readmission/0/model.tar.gz";
const challengerUri = "s3://artifacts/models/test-readmission/job-0/output/model.tar.gz";
const verdictUri = `s3://artifacts/verdicts/${WORKLOAD}/${EXECUTION}.json`;
const evaluationUri = `s3://artifacts/evaluations/${WORKLOAD}/${EXECUTION}/evaluation.json`;
const auditUri = `s3://artifacts/audits/${WORKLOAD}/${EXECUTION}.json`;
const event = {
  workload: WORKLOAD,
  execution: EXECUTION,
  trainingJob: `${EXECUTION}-train-0`,
  challengerUri,
  evaluationUri,
  auditUri,
  verdictUri,
  gateUri: `s3://lake/gates/${WORKLOAD}/${EXECUTION}/gate.json`,
  cardUri: `s3://artifacts/cards/${WORKLOAD}/${EXECUTION}/card.json`,
  snapshotSha256: "4".repeat(64),
};
const BASELINE_REASON =
  "The baseline that the program put into service: it gives every record the prior of the spec, and is the first champion to beat.";

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const SCORES = scoresOf({ rows: 10, champion: 1, challenger: 1 });

let challenger: Buffer;
let baseline: Buffer;
beforeAll(async () => {
  const origin = { data: "1".repeat(64), spec: "2".repeat(64), code: "3".repeat(64) };
  challenger = await artifactArchive(restamped(artifactFiles(), origin));
  baseline = await artifactArchive(artifactFiles({ manifest: { version: "baseline", kind: "baseline" } }));
});

/** The files with other hashes of origin in their manifest. */
function restamped(files: Record<string, Buffer>, origin: object): Record<string, Buffer> {
  const manifest = JSON.parse(files["manifest.json"]!.toString()) as { hashes: { files: object } };
  manifest.hashes = { ...manifest.hashes, ...origin };
  return { ...files, "manifest.json": Buffer.from(JSON.stringify(manifest)) };
}

interface Case {
  status?: Verdict["status"];
  isAutomatic?: boolean;
  verdict?: Partial<Verdict>;
  evaluation?: Partial<Evaluation>;
}

function open({ status = "better", isAutomatic = true, verdict = {}, evaluation = {} }: Case = {}) {
  const stored = new StoredObjects();
  stored.put(challengerUri, challenger);
  stored.put(baselineUri, baseline);
  const evaluated = evaluationOf(SCORES, {
    challenger: { modelDataUrl: challengerUri, artifactSha256: sha256(challenger) },
  });
  stored.put(evaluationUri, { ...evaluated, ...evaluation });
  stored.put(verdictUri, {
    workload: WORKLOAD,
    execution: EXECUTION,
    status,
    reason: `AUC told ${status}.`,
    checks: [],
    look: null,
    difference: { value: 0, lower: 0, upper: 0 },
    evaluationUri,
    ...verdict,
  });
  const groups = new ModelPackageGroups();
  const telemetry = new RecordedTelemetry();
  const register = createHandler({
    objects: new Objects(stored),
    packages: new ModelPackages(groups),
    telemetry,
    workloads: { [WORKLOAD]: { modelPackageGroup: GROUP, baselineUri, baselineSha256: sha256(baseline) } },
    servingImage: "serving:1",
    isAutomatic,
  });
  return { stored, groups, telemetry, register };
}

const sent = ({ commands }: ModelPackageGroups, name: string) =>
  commands.filter(([command]) => command === name).map(([, input]) => input);

describe("the first registration", () => {
  it("makes the baseline version 1, approved, and the challenger version 2", async () => {
    const { groups, telemetry, register } = open();
    expect(await register(event)).toEqual({
      modelPackageArn: arnOf(2),
      version: 2,
      approvalStatus: "Approved",
    });
    expect(groups.packages.map((member) => [member.ModelApprovalStatus, member.ApprovalDescription])).toEqual(
      [
        ["Approved", BASELINE_REASON],
        ["Approved", "AUC told better."],
      ],
    );
    expect(telemetry.lines).toEqual([
      ["registered the baseline", { workload: WORKLOAD, execution: EXECUTION, version: 1 }],
      ["registered", { workload: WORKLOAD, execution: EXECUTION, version: 2, approvalStatus: "Approved" }],
    ]);
    expect(telemetry.counts).toEqual([["Registrations", { workload: WORKLOAD, approvalStatus: "Approved" }]]);
  });

  it("creates both as pending, with image, artifact, content types, figures and lineage", async () => {
    const { groups, register } = open();
    await register(event);
    const types = ["application/json", "application/jsonlines", "text/csv"];
    const [first, second] = sent(groups, "CreateModelPackage");
    expect(first).toEqual({
      ModelPackageGroupName: GROUP,
      ModelPackageDescription: "test-readmission: the baseline of the first deployment",
      ModelApprovalStatus: "PendingManualApproval",
      ClientToken: expect.stringMatching(/^[0-9a-f]{36}$/) as string,
      InferenceSpecification: {
        Containers: [{ Image: "serving:1", ModelDataUrl: baselineUri }],
        SupportedContentTypes: types,
        SupportedResponseMIMETypes: types,
      },
      CustomerMetadataProperties: {
        execution: "baseline",
        artifactVersion: "baseline",
        artifactSha256: sha256(baseline),
        dataSha256: "none",
        specSha256: "0".repeat(64),
        codeSha256: "0".repeat(64),
        trainingJob: "none",
        verdictUri: "none",
        evaluationUri: "none",
        auditUri: "none",
        snapshotSha256: "none",
        gateUri: "none",
        cardUri: "none",
      },
    });
    expect(second).toEqual({
      ModelPackageGroupName: GROUP,
      ModelPackageDescription: `test-readmission 0123456789ab, trained by ${EXECUTION}-train-0; verdict: better`,
      ModelApprovalStatus: "PendingManualApproval",
      ClientToken: expect.stringMatching(/^[0-9a-f]{36}$/) as string,
      InferenceSpecification: {
        Containers: [{ Image: "serving:1", ModelDataUrl: challengerUri }],
        SupportedContentTypes: types,
        SupportedResponseMIMETypes: types,
      },
      CustomerMetadataProperties: {
        execution: EXECUTION,
        artifactVersion: "0123456789ab",
        artifactSha256: sha256(challenger),
        dataSha256: "1".repeat(64),
        specSha256: "2".repeat(64),
        codeSha256: "3".repeat(64),
        trainingJob: `${EXECUTION}-train-0`,
        verdictUri,
        evaluationUri,
        auditUri,
        snapshotSha256: event.snapshotSha256,
        gateUri: event.gateUri,
        cardUri: event.cardUri,
      },
      ModelMetrics: {
        ModelQuality: { Statistics: { ContentType: "application/json", S3Uri: evaluationUri } },
      },
    });
  });
});

describe("the verdict decides", () => {
  it.each<[Verdict["status"], boolean, string, string | undefined]>([
    ["better", true, "Approved", "AUC told better."],
    ["better", false, "PendingManualApproval", undefined],
    ["tie", true, "Rejected", "AUC told tie."],
    ["worse", true, "Rejected", "AUC told worse."],
    ["refused", true, "Rejected", "AUC told refused."],
    ["tie", false, "Rejected", "AUC told tie."],
  ])("%s, with the gate approving: %s, is %s", async (status, isAutomatic, approvalStatus, description) => {
    const { groups, register } = open({ status, isAutomatic });
    expect(await register(event)).toEqual({ modelPackageArn: arnOf(2), version: 2, approvalStatus });
    expect(groups.packages[1]?.ModelApprovalStatus).toBe(approvalStatus);
    expect(groups.packages[1]?.ApprovalDescription).toBe(description);
  });

  it("by its document, whatever the event claims", async () => {
    const { register } = open({ status: "worse" });
    await expect(register({ ...event, status: "better" })).rejects.toThrow("status: unknown key");
    expect((await register(event)).approvalStatus).toBe("Rejected");
  });

  it("keeps a reason on one line", async () => {
    const { groups, register } = open({ verdict: { reason: "AUC up,\n  slope fine." } });
    await register(event);
    expect(groups.packages[1]?.ApprovalDescription).toBe("AUC up, slope fine.");
  });
});

describe("registering again", () => {
  it("finds the package of the execution and changes nothing", async () => {
    const { groups, register } = open();
    const first = await register(event);
    const before = structuredClone(groups.packages);
    expect(await register(event)).toEqual(first);
    expect(groups.packages).toEqual(before);
    expect(sent(groups, "CreateModelPackage")).toHaveLength(2);
    expect(sent(groups, "UpdateModelPackage")).toHaveLength(2);
  });

  it.each(["CreateModelPackage", "UpdateModelPackage", "ListModelPackages", "DescribeModelPackage"])(
    "completes what a crash after any %s has left",
    async (command) => {
      for (let call = 1; call <= 2; call += 1) {
        const { groups, register } = open();
        let calls = 0;
        groups.after = (name) => {
          if (name === command && ++calls === call) throw new Error("the function was stopped");
        };
        await expect(register(event)).rejects.toThrow("the function was stopped");
        groups.after = () => {};
        await register(event);
        expect(groups.packages.map(({ ModelApprovalStatus }) => ModelApprovalStatus)).toEqual([
          "Approved",
          "Approved",
        ]);
        if (command === "DescribeModelPackage") break; // The first run describes one package.
      }
    },
  );

  it("leaves what a person has decided since", async () => {
    const { groups, register } = open({ isAutomatic: false });
    await register(event);
    groups.packages[1]!.ModelApprovalStatus = "Rejected";
    expect((await register(event)).approvalStatus).toBe("Rejected");
    groups.packages[0]!.ModelApprovalStatus = "Rejected";
    await register(event);
    expect(groups.packages[0]!.ModelApprovalStatus).toBe("Rejected");
  });

  it("at the same time registers each model once", async () => {
    const { groups, register } = open();
    const [one, other] = await Promise.all([register(event), register(event)]);
    expect(one).toEqual(other);
    expect(groups.packages).toHaveLength(2);
  });

  it("registers another execution as the next version and leaves the baseline alone", async () => {
    const { stored, groups, register } = open();
    await register(event);
    const execution = "test-readmission-ffffffffffff";
    for (const uri of [verdictUri, evaluationUri]) {
      stored.put(uri, { ...(stored.document(uri) as object), execution });
    }
    expect((await register({ ...event, execution })).version).toBe(3);
    expect(groups.packages.map((member) => member.CustomerMetadataProperties?.["execution"])).toEqual([
      "baseline",
      EXECUTION,
      execution,
    ]);
  });
});

describe("nothing is registered", () => {
  it.each<[string, Case, string]>([
    [
      "for an unchanged model",
      { status: "unchanged" },
      "verdict.status: given unchanged; expected a model that differs from the champion, only such a one is registered",
    ],
    [
      "for the verdict of another execution",
      { verdict: { execution: "test-readmission-eeeeeeeeeeee" } },
      `verdict.execution: given test-readmission-eeeeeeeeeeee; expected ${EXECUTION}, the event's`,
    ],
    [
      "for a verdict on another evaluation",
      { verdict: { evaluationUri: "s3://artifacts/other.json" } },
      `verdict.evaluationUri: given s3://artifacts/other.json; expected ${evaluationUri}, the event's`,
    ],
    [
      "for the evaluation of another model",
      { evaluation: { challenger: evaluationOf(SCORES).challenger } },
      `evaluation.challenger.modelDataUrl: given s3://artifacts/b/model.tar.gz; expected ${challengerUri}, the event's`,
    ],
  ])("%s", async (_, given, fault) => {
    const { groups, register } = open(given);
    await expect(register(event)).rejects.toThrow(`${verdictUri} is refused, 1 fault:\n  ${fault}`);
    expect(groups.commands).toEqual([]);
  });

  it("when the artifact isn't the one that was judged", async () => {
    const { stored, groups, register } = open();
    stored.put(challengerUri, baseline);
    await expect(register(event)).rejects.toThrow(
      `artifact file ${challengerUri}: found SHA-256 ${sha256(baseline)}; expected SHA-256 ${sha256(challenger)}.`,
    );
    expect(groups.packages).toHaveLength(1);
  });

  it("when the baseline isn't the one that the program stored", async () => {
    const { stored, groups, register } = open();
    stored.put(baselineUri, challenger);
    await expect(register(event)).rejects.toThrow(`artifact file ${baselineUri}: found SHA-256`);
    expect(groups.packages).toEqual([]);
  });

  it("for a workload that this stack doesn't hold", async () => {
    const { register } = open();
    await expect(register({ ...event, workload: "churn" })).rejects.toThrow(
      `event of register-model is refused, 1 fault:\n  workload: given "churn"; expected one of test-readmission`,
    );
  });
});
