import { z } from "zod";
import { parse } from "./faults.ts";
import { ExecutionName, S3Uri, Sha256, WorkloadName } from "./names.ts";

export const ApprovalStatus = z.enum(["PendingManualApproval", "Approved", "Rejected"]);
export type ApprovalStatus = z.output<typeof ApprovalStatus>;

/** Where a registered model comes from: the customer metadata of its package, key by key. */
export const Lineage = z.strictObject({
  execution: ExecutionName.or(z.literal("baseline")),
  artifactVersion: z.string(),
  artifactSha256: Sha256,
  /** Of the snapshot that it was trained from, and of the rows that were made of it. */
  snapshotSha256: Sha256.or(z.literal("none")),
  dataSha256: Sha256.or(z.literal("none")),
  specSha256: Sha256,
  codeSha256: Sha256,
  trainingJob: z.string(),
  verdictUri: S3Uri.or(z.literal("none")),
  evaluationUri: S3Uri.or(z.literal("none")),
  auditUri: S3Uri.or(z.literal("none")),
  /** Of the data gate's report, and of the model card (`card.json`; `card.md` and `card.html` lie beside it). */
  gateUri: S3Uri.or(z.literal("none")),
  cardUri: S3Uri.or(z.literal("none")),
});
export type Lineage = z.output<typeof Lineage>;

/**
 * A version in a model package group, as its customer metadata and container hold it. SageMaker allows 256 characters a
 * value and 50 entries: documents are referred to, never embedded.
 */
export const RegistryRecord = z.strictObject({
  workload: WorkloadName,
  version: z.int().positive(),
  modelPackageArn: z.string(),
  approvalStatus: ApprovalStatus,
  approvalDescription: z.string(),
  modelDataUrl: S3Uri,
  lineage: Lineage,
});
export type RegistryRecord = z.output<typeof RegistryRecord>;

/** What `register-model` answers to the workflow. */
export const Registration = z.strictObject({
  modelPackageArn: z.string(),
  version: z.int().positive(),
  approvalStatus: ApprovalStatus,
});
export type Registration = z.output<typeof Registration>;

/** SageMaker's limits on a model package's customer metadata. */
const CustomerMetadata = z.record(
  z.string().max(128),
  z.string().max(256, "expected at most 256 characters, SageMaker's limit for a metadata value"),
);

/**
 * The customer metadata that a model package is created with: one flat entry for each part of its lineage.
 *
 * @throws {InvalidInput} where a value is wrong or longer than SageMaker takes.
 */
export function toCustomerMetadata(lineage: Lineage): Record<string, string> {
  return parse(
    CustomerMetadata,
    parse(Lineage, lineage, "lineage of a model package"),
    "lineage of a model package",
  );
}

/**
 * The lineage that a model package's customer metadata holds. Entries of other owners are left alone: anyone who may
 * update a package can add some.
 *
 * @param subject names the package in the error.
 * @throws {InvalidInput} with every entry that is missing or wrong.
 */
export function fromCustomerMetadata(
  metadata: Readonly<Record<string, string | undefined>> | undefined,
  subject: string,
): Lineage {
  const own = Object.keys(Lineage.shape).flatMap((key) => {
    const value = metadata?.[key];
    return value === undefined ? [] : [[key, value] as const];
  });
  return parse(Lineage, Object.fromEntries(own), `customer metadata of ${subject}`);
}

/** The part of SageMaker's DescribeModelPackage answer that a registry record is made from. */
export interface DescribedModelPackage {
  ModelPackageArn?: string | undefined;
  ModelPackageVersion?: number | undefined;
  ModelApprovalStatus?: string | undefined;
  ApprovalDescription?: string | undefined;
  CustomerMetadataProperties?: Readonly<Record<string, string | undefined>> | undefined;
  InferenceSpecification?:
    | { Containers?: readonly { ModelDataUrl?: string | undefined }[] | undefined }
    | undefined;
}

/**
 * Reads a model package of a workload's group.
 *
 * @throws {InvalidInput} where it lacks what `register-model` gives a package, such as one that was made by hand.
 */
export function toRegistryRecord(workload: string, described: DescribedModelPackage): RegistryRecord {
  const subject = `model package ${described.ModelPackageArn ?? "without an ARN"}`;
  const record = {
    workload,
    version: described.ModelPackageVersion,
    modelPackageArn: described.ModelPackageArn,
    approvalStatus: described.ModelApprovalStatus,
    approvalDescription: described.ApprovalDescription ?? "",
    modelDataUrl: described.InferenceSpecification?.Containers?.[0]?.ModelDataUrl,
    lineage: fromCustomerMetadata(described.CustomerMetadataProperties, subject),
  };
  return parse(RegistryRecord, record, subject);
}
