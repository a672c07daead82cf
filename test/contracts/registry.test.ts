import {
  fromCustomerMetadata,
  type Lineage,
  toCustomerMetadata,
  toRegistryRecord,
} from "@perennial/contracts";
import { describe, expect, it } from "vitest";

const lineage: Lineage = {
  execution: "churn-0123456789ab",
  artifactVersion: "0123456789ab",
  artifactSha256: "a".repeat(64),
  snapshotSha256: "b".repeat(64),
  dataSha256: "d".repeat(64),
  specSha256: "e".repeat(64),
  codeSha256: "c".repeat(64),
  trainingJob: "churn-0123456789ab-train-0",
  verdictUri: "s3://artifacts/verdicts/churn/churn-0123456789ab.json",
  evaluationUri: "s3://artifacts/evaluations/churn/churn-0123456789ab/evaluation.json",
  auditUri: "s3://artifacts/audits/churn/churn-0123456789ab.json",
  gateUri: "s3://lake/gates/churn/churn-0123456789ab/gate.json",
  cardUri: "s3://artifacts/cards/churn/churn-0123456789ab/card.json",
};
const arn = "arn:aws:sagemaker:eu-central-1:123456789012:model-package/g/2";
const described = {
  ModelPackageArn: arn,
  ModelPackageVersion: 2,
  ModelApprovalStatus: "Approved",
  ApprovalDescription: "AUC up",
  InferenceSpecification: { Containers: [{ ModelDataUrl: "s3://artifacts/model.tar.gz" }] },
  CustomerMetadataProperties: { ...lineage, owner: "ada" },
};

describe("the lineage of a model package", () => {
  it("is one flat text for each of its parts, and reads back as it was", () => {
    const metadata = toCustomerMetadata(lineage);
    expect(metadata).toEqual(lineage);
    expect(fromCustomerMetadata(metadata, "version 2")).toEqual(lineage);
  });

  it("is refused when a value is longer than SageMaker takes", () => {
    const verdictUri = `s3://artifacts/${"v".repeat(242)}`;
    expect(() => toCustomerMetadata({ ...lineage, verdictUri })).toThrow(
      [
        "lineage of a model package is refused, 1 fault:",
        `  verdictUri: given "s3://artifacts/${"v".repeat(64)}…; expected at most 256 characters, SageMaker's limit for a metadata value`,
      ].join("\n"),
    );
    expect(toCustomerMetadata({ ...lineage, verdictUri: verdictUri.slice(0, 256) }).verdictUri).toHaveLength(
      256,
    );
  });

  it("is refused with everything that is missing or wrong, and lets others keep entries of their own", () => {
    const { artifactSha256: _, ...rest } = lineage;
    expect(() => fromCustomerMetadata({ ...rest, dataSha256: "?", owner: "ada" }, "version 2")).toThrow(
      [
        "customer metadata of version 2 is refused, 2 faults:",
        "  artifactSha256: given nothing; expected string, received undefined",
      ].join("\n"),
    );
    expect(() => fromCustomerMetadata(undefined, "version 2")).toThrow(
      "customer metadata of version 2 is refused, 13 faults:",
    );
  });
});

describe("a registry record", () => {
  it("is read from the package that SageMaker describes", () => {
    expect(toRegistryRecord("churn", described)).toEqual({
      workload: "churn",
      version: 2,
      modelPackageArn: arn,
      approvalStatus: "Approved",
      approvalDescription: "AUC up",
      modelDataUrl: "s3://artifacts/model.tar.gz",
      lineage,
    });
  });

  it("has an empty description where nobody gave one", () => {
    const { ApprovalDescription: _, ...pending } = {
      ...described,
      ModelApprovalStatus: "PendingManualApproval",
    };
    expect(toRegistryRecord("churn", pending)).toMatchObject({
      approvalStatus: "PendingManualApproval",
      approvalDescription: "",
    });
  });

  it("is refused for a package without a container's artifact", () => {
    expect(() => toRegistryRecord("churn", { ...described, InferenceSpecification: undefined })).toThrow(
      `model package ${arn} is refused, 1 fault:\n  modelDataUrl: given nothing; expected string, received undefined`,
    );
  });
});
