import { DescribeModelPackageCommand, type SageMakerClient } from "@aws-sdk/client-sagemaker";
import { InvalidInput, toRegistryRecord } from "@perennial/contracts";
import type { Declined } from "@perennial/ledger";
import type { Candidate } from "./choose-target.ts";

/** ARN of a version of a group that lies in the same account and region as `neighbourArn`. */
export function modelPackageArn(neighbourArn: string, modelPackageGroup: string, version: number): string {
  const [, partition, , region, accountId] = neighbourArn.split(":");
  return `arn:${partition}:sagemaker:${region}:${accountId}:model-package/${modelPackageGroup}/${version}`;
}

/** A version as the registry holds it now, or why it can't go into service: trying again wouldn't change that. */
export async function readModelPackage(
  sageMaker: Pick<SageMakerClient, "send">,
  workload: string,
  arn: string,
): Promise<Candidate | Declined> {
  try {
    const described = await sageMaker.send(new DescribeModelPackageCommand({ ModelPackageName: arn }));
    const { version, modelPackageArn, modelDataUrl, lineage, approvalStatus, approvalDescription } =
      toRegistryRecord(workload, described);
    const target = { version, modelPackageArn, modelDataUrl, artifactSha256: lineage.artifactSha256 };
    return { target, approvalStatus, approvalDescription };
  } catch (error) {
    if (error instanceof InvalidInput) {
      const faults = error.faults.map(({ path, message }) => `${path}: ${message}`).join("; ");
      return { kind: "refused", reason: `${arn} was not made by register-model: ${faults}` };
    }
    // SageMaker has no error of its own for it: `ValidationException: ModelPackage arn:… does not exist.`
    const isUnknown = error instanceof Error && error.name === "ValidationException";
    if (isUnknown && /does not exist/i.test(error.message)) {
      return { kind: "refused", reason: `${arn} does not exist` };
    }
    throw error;
  }
}
