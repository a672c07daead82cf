import { DescribeModelPackageCommand, ListModelPackagesCommand } from "@aws-sdk/client-sagemaker";
import { type RegistryRecord, toRegistryRecord } from "@perennial/contracts";
import type { Connection } from "./context.ts";
import { readAudit, readEvaluation } from "./documents.ts";
import { CliFault, EXIT } from "./exit.ts";
import type { Quality } from "./quality-text.ts";
import type { PlatformWorkload } from "./workload.ts";

/** A version as the registry holds it, and when it was registered. */
export interface Version {
  record: RegistryRecord;
  registeredAt: string | null;
}

type Registry = Pick<Connection, "sageMaker" | "platform">;

/** @throws {CliFault} where the workload has no such version. */
export async function readVersion(
  { sageMaker, platform }: Registry,
  { name, modelPackageGroup }: PlatformWorkload,
  version: number,
): Promise<Version> {
  const { region, accountId } = platform;
  const ModelPackageName = `arn:aws:sagemaker:${region}:${accountId}:model-package/${modelPackageGroup}/${version}`;
  try {
    const described = await sageMaker.send(new DescribeModelPackageCommand({ ModelPackageName }));
    return {
      record: toRegistryRecord(name, described),
      registeredAt: described.CreationTime?.toISOString() ?? null,
    };
  } catch (error) {
    if (!(error instanceof Error) || !/does not exist|not found/i.test(error.message)) throw error;
    throw new CliFault(
      EXIT.notFound,
      `${name} has no version ${version} in the model package group ${modelPackageGroup}; perennial models list ${name} names those there are.`,
      { cause: error },
    );
  }
}

/** The newest versions of a workload, newest first; none where nothing was registered yet. */
export async function listVersions(
  registry: Registry,
  workload: PlatformWorkload,
  limit: number,
): Promise<Version[]> {
  const numbers: number[] = [];
  let NextToken: string | undefined;
  do {
    const page = await registry.sageMaker.send(
      new ListModelPackagesCommand({
        ModelPackageGroupName: workload.modelPackageGroup,
        SortBy: "CreationTime",
        SortOrder: "Descending",
        MaxResults: Math.min(100, limit),
        NextToken,
      }),
    );
    for (const { ModelPackageVersion } of page.ModelPackageSummaryList ?? []) {
      if (ModelPackageVersion !== undefined) numbers.push(ModelPackageVersion);
    }
    ({ NextToken } = page);
  } while (NextToken !== undefined && numbers.length < limit);
  // Versions that were made in the same second come in any order.
  const newest = numbers.toSorted((one, other) => other - one).slice(0, limit);
  return Promise.all(newest.map((version) => readVersion(registry, workload, version)));
}

/** A version's figures on holdout and audit part; null where it was never evaluated. */
export async function readQuality(
  reader: Pick<Connection, "s3">,
  { lineage: { evaluationUri, auditUri } }: RegistryRecord,
): Promise<Quality | null> {
  if (evaluationUri === "none" || auditUri === "none") return null;
  const [{ holdout, challenger }, audit] = await Promise.all([
    readEvaluation(reader, evaluationUri),
    readAudit(reader, auditUri),
  ]);
  return {
    holdout: { rows: holdout.rows, groups: holdout.groups, metrics: challenger.metrics },
    audit: { rows: audit.part.rows, groups: audit.part.groups, metrics: audit.metrics },
  };
}
