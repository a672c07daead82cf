import { z } from "zod";
import { ExecutionName, S3Uri, Sha256, WorkloadName } from "./names.ts";

export const ApprovalStatus = z.enum(["PendingManualApproval", "Approved", "Rejected"]);
export type ApprovalStatus = z.output<typeof ApprovalStatus>;

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
  lineage: z.strictObject({
    execution: ExecutionName.or(z.literal("baseline")),
    artifactVersion: z.string(),
    artifactSha256: Sha256,
    dataSha256: Sha256.or(z.literal("none")),
    specSha256: Sha256,
    codeSha256: Sha256,
    trainingJob: z.string(),
    verdictUri: S3Uri.or(z.literal("none")),
    evaluationUri: S3Uri.or(z.literal("none")),
    auditUri: S3Uri.or(z.literal("none")),
  }),
});
export type RegistryRecord = z.output<typeof RegistryRecord>;

/** What `register-model` answers to the workflow. */
export const Registration = z.strictObject({
  modelPackageArn: z.string(),
  version: z.int().positive(),
  approvalStatus: ApprovalStatus,
});
export type Registration = z.output<typeof Registration>;
