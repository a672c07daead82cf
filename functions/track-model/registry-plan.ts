import { type ModelVersion, PACKAGE_TAG } from "@perennial/tracking";
import type { ListedPackage } from "./model-packages.ts";

/** Tag of a version in MLflow that says how its model package stands. */
export const STATUS_TAG = "perennial.approvalStatus";

/** What makes MLflow's registry say what SageMaker's says. */
export interface RegistryPlan {
  /** Ascending, so that MLflow numbers them as SageMaker does. */
  create: ListedPackage[];
  /** Versions whose package was approved or rejected since. */
  restate: { version: number; package: ListedPackage }[];
  /** Versions in MLflow that stand for a package another one stands for already. */
  remove: number[];
}

/** Aliases by the ARN of the package that they are to point to; null where there is none. */
export interface Aliases {
  champion: string | null;
  challenger: string | null;
}

export function planRegistry(
  packages: readonly ListedPackage[],
  versions: readonly ModelVersion[],
): RegistryPlan {
  const standing = new Map<string, ModelVersion>();
  const remove: number[] = [];
  for (const version of versions) {
    const arn = version.tags[PACKAGE_TAG];
    if (arn === undefined) continue;
    if (standing.has(arn)) remove.push(version.version);
    else standing.set(arn, version);
  }
  return {
    create: packages.filter(({ arn }) => !standing.has(arn)),
    restate: packages.flatMap((listed) => {
      const version = standing.get(listed.arn);
      return version === undefined || version.tags[STATUS_TAG] === listed.status
        ? []
        : [{ version: version.version, package: listed }];
    }),
    remove,
  };
}

/**
 * Who is champion and who is challenger: what is in service, and the newest later version that isn't rejected.
 *
 * @param live version in service; 0 before the first rollout, when the baseline is, which is registered as version 1.
 */
export function aliasesOf(packages: readonly ListedPackage[], live: number): Aliases {
  const champion = packages.find(({ version }) => version === Math.max(1, live));
  const challenger = packages.findLast(
    ({ version, status }) => version > (champion?.version ?? 0) && status !== "Rejected",
  );
  return { champion: champion?.arn ?? null, challenger: challenger?.arn ?? null };
}
