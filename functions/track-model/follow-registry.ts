import type { Ledger } from "@perennial/ledger";
import { PACKAGE_TAG, type RegisteredModels, type Runs } from "@perennial/tracking";
import type { ListedPackage, ModelPackages } from "./model-packages.ts";
import { aliasesOf, planRegistry, STATUS_TAG } from "./registry-plan.ts";
import { EXECUTION_TAG } from "./retraining-run.ts";

export interface Following {
  models: Pick<
    RegisteredModels,
    | "model"
    | "versions"
    | "createVersion"
    | "describeVersion"
    | "setVersionTag"
    | "deleteVersion"
    | "setAlias"
    | "deleteAlias"
  >;
  runs: Pick<Runs, "experiment" | "find">;
  packages: Pick<ModelPackages, "list" | "describe">;
  ledger: Pick<Ledger, "readPointer">;
  clock: () => Date;
}

/** A package's run isn't there yet although it is about to be written: the registration is heard of before the end. */
export class RunNotWritten extends Error {
  constructor(arn: string, execution: string) {
    super(
      `${arn} comes from ${execution}, whose run isn't written yet; expected it within an hour. Ask again later.`,
    );
    this.name = "RunNotWritten";
  }
}

/** How long a package waits for its run. After that it was registered when nobody kept runs, and stands without one. */
const PATIENCE_MS = 60 * 60 * 1000;

/**
 * Brings MLflow's registered model to what SageMaker's model package group and the pointer say, whatever it said before:
 * a version for each package, its approval, and the aliases `champion` and `challenger`.
 *
 * @throws {RunNotWritten} where the run that a new version belongs to has still to be written.
 */
export async function followRegistry(
  following: Following,
  workload: string,
  modelPackageGroup: string,
): Promise<void> {
  const { models, packages, ledger } = following;
  const listed = await packages.list(modelPackageGroup);
  if (listed.length === 0) return;
  const { aliases: standing } = await models.model(workload);
  const plan = planRegistry(listed, await models.versions(workload));
  for (const version of plan.remove) await models.deleteVersion(workload, version);
  for (const added of plan.create) await addVersion(following, workload, added);
  for (const { version, package: changed } of plan.restate) {
    const { approvalDescription } = await packages.describe(workload, changed.arn);
    await models.describeVersion(workload, version, approvalDescription);
    await models.setVersionTag(workload, version, STATUS_TAG, changed.status);
  }

  const pointer = await ledger.readPointer(workload);
  const numbers = new Map<string | undefined, number>();
  for (const { version, tags } of (await models.versions(workload)).toReversed())
    numbers.set(tags[PACKAGE_TAG], version);
  for (const [alias, arn] of Object.entries(aliasesOf(listed, pointer?.version ?? 0))) {
    const version = arn === null ? undefined : numbers.get(arn);
    if (version === standing[alias]) continue;
    if (version === undefined) await models.deleteAlias(workload, alias);
    else await models.setAlias(workload, alias, version);
  }
}

async function addVersion(
  { models, runs, packages, clock }: Following,
  workload: string,
  { arn, version, status, createdAt }: ListedPackage,
): Promise<void> {
  const { modelDataUrl, approvalDescription, lineage } = await packages.describe(workload, arn);
  const { execution } = lineage;
  const runId = execution === "baseline" ? null : await runOf(runs, workload, execution);
  if (runId === null && execution !== "baseline" && clock().getTime() - createdAt < PATIENCE_MS) {
    throw new RunNotWritten(arn, execution);
  }
  const { artifactVersion, artifactSha256, snapshotSha256, dataSha256, specSha256, codeSha256, trainingJob } =
    lineage;
  const origin = {
    artifactVersion,
    artifactSha256,
    snapshotSha256,
    dataSha256,
    specSha256,
    codeSha256,
    trainingJob,
  };
  const tags = Object.fromEntries(Object.entries(origin).map(([key, value]) => [`perennial.${key}`, value]));
  await models.createVersion(workload, {
    source: modelDataUrl,
    runId,
    description: approvalDescription,
    tags: {
      ...tags,
      [PACKAGE_TAG]: arn,
      [STATUS_TAG]: status,
      [EXECUTION_TAG]: execution,
      "perennial.version": String(version),
    },
  });
}

async function runOf(runs: Following["runs"], workload: string, execution: string): Promise<string | null> {
  const [run] = await runs.find(await runs.experiment(workload), { [EXECUTION_TAG]: execution });
  return run?.runId ?? null;
}
