import type { FunctionEnvironment, Registration } from "@perennial/contracts";
import type { Objects } from "@perennial/objects";
import { readLineage } from "./lineage.ts";
import type { ModelPackages } from "./packages.ts";

/** The execution that a baseline's package names: it was made by the program, not by a retraining. */
const BASELINE = "baseline";
const REASON =
  "The baseline that the program put into service: it gives every record the prior of the spec, and is the first champion to beat.";

export interface BaselineInput {
  readonly workload: string;
  readonly settings: FunctionEnvironment<"register-model">["WORKLOADS"][string];
  readonly servingImage: string;
  readonly objects: Pick<Objects, "read">;
  readonly packages: Pick<ModelPackages, "findFirst" | "create" | "decide">;
}

/**
 * Registers the baseline as version 1 while the group is empty, so that there is a version to return to. One that is still
 * pending was left by a registration that didn't get further, and is approved now.
 *
 * @returns the baseline's registration where this call has decided it, else null.
 */
export async function registerBaseline(input: BaselineInput): Promise<Registration | null> {
  const { packages, settings } = input;
  const first = await packages.findFirst(settings.modelPackageGroup);
  const isLeft =
    first?.execution === BASELINE && first.registration.approvalStatus === "PendingManualApproval";
  if (first !== null && !isLeft) return null;
  const registration = first?.registration ?? (await propose(input));
  return await packages.decide(registration, { status: "Approved", reason: REASON });
}

async function propose({
  workload,
  settings: { modelPackageGroup, baselineUri, baselineSha256 },
  servingImage,
  objects,
  packages,
}: BaselineInput): Promise<Registration> {
  const lineage = await readLineage(await objects.read(baselineUri), workload, baselineSha256, {
    execution: BASELINE,
    trainingJob: "none",
    snapshotSha256: "none",
    verdictUri: "none",
    evaluationUri: "none",
    auditUri: "none",
    gateUri: "none",
    cardUri: "none",
  });
  const description = `${workload}: the baseline of the first deployment`;
  return await packages.create({
    modelPackageGroup,
    image: servingImage,
    modelDataUrl: baselineUri,
    description,
    lineage,
  });
}
