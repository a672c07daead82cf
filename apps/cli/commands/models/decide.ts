import { UpdateModelPackageCommand } from "@aws-sdk/client-sagemaker";
import type { ApprovalStatus } from "@perennial/contracts";
import type { Connection, Context, Where } from "../../context.ts";
import { readVerdict } from "../../documents.ts";
import { CliFault, EXIT, type ExitCode } from "../../exit.ts";
import { findModel, type Model, nameOf } from "../../model-reference.ts";
import { askTracking, trackedText } from "../../tracking.ts";

export interface DecideOptions extends Where {
  reason: string;
  json?: boolean;
}

/** SageMaker's limit for an approval description. */
const LONGEST_DESCRIPTION = 1024;

/**
 * Approves a version: its rollout starts by the registry's event. Approvals only move forward, since the door ignores one
 * that is older than what is live, and only what the gate found better may be approved.
 */
export async function approveModel(
  context: Context,
  name: string,
  options: DecideOptions,
): Promise<ExitCode> {
  const connection = await context.connect(options);
  const model = await findModel(connection, name);
  const live = (await connection.ledger.readPointer(model.workload.name))?.version ?? 0;
  const { version, approvalStatus, lineage } = model.record;
  if (version === live) throw refused(`${nameOf(model)} is live already.`);
  if (version < live) {
    throw refused(
      `${nameOf(model)} is older than version ${live}, which is live: approvals only move forward, and this one would roll nothing out. ` +
        `To go back: perennial rollback ${model.workload.name} --to ${version}.`,
    );
  }
  if (lineage.verdictUri !== "none") {
    const { status, reason } = await readVerdict(connection, lineage.verdictUri);
    if (status !== "better") {
      throw refused(
        `The gate found ${nameOf(model)} ${status}: ${reason} Only a better one can be approved.`,
      );
    }
  }
  if (approvalStatus === "Approved") {
    return await tell(
      context,
      connection,
      model,
      "Approved",
      options,
      "was approved before; perennial status tells of its rollout",
    );
  }
  await decide(connection, model, "Approved", `Approved by ${context.user}: ${options.reason}`);
  return await tell(
    context,
    connection,
    model,
    "Approved",
    options,
    "is approved; its rollout starts by itself, perennial status tells of it",
  );
}

/** Rejects a version that isn't live. */
export async function rejectModel(context: Context, name: string, options: DecideOptions): Promise<ExitCode> {
  const connection = await context.connect(options);
  const model = await findModel(connection, name);
  const live = (await connection.ledger.readPointer(model.workload.name))?.version ?? 0;
  if (model.record.version === live) {
    throw refused(
      `${nameOf(model)} is live, and rejecting it wouldn't take it out of service. ` +
        `Go back first: perennial rollback ${model.workload.name}.`,
    );
  }
  await decide(connection, model, "Rejected", `Rejected by ${context.user}: ${options.reason}`);
  return await tell(context, connection, model, "Rejected", options, "is rejected");
}

async function decide(
  { sageMaker }: Connection,
  { record }: Model,
  ModelApprovalStatus: ApprovalStatus,
  description: string,
): Promise<void> {
  if (description.length > LONGEST_DESCRIPTION) {
    throw new CliFault(
      EXIT.usage,
      `--reason is too long: with who decided it takes ${description.length} characters, SageMaker keeps ${LONGEST_DESCRIPTION}.`,
    );
  }
  await sageMaker.send(
    new UpdateModelPackageCommand({
      ModelPackageArn: record.modelPackageArn,
      ModelApprovalStatus,
      ApprovalDescription: description,
    }),
  );
}

/** Says what was decided, and how MLflow has it: that one follows the registry by itself, in its own time. */
async function tell(
  context: Context,
  connection: Connection,
  model: Model,
  approvalStatus: ApprovalStatus,
  { json, reason }: DecideOptions,
  sentence: string,
): Promise<ExitCode> {
  const { terminal } = context;
  const name = nameOf(model);
  const asked = await askTracking(context, connection, [model.workload.name]);
  const tracked = asked.of(model);
  const { modelPackageArn } = model.record;
  const document = {
    model: name,
    modelPackageArn,
    approvalStatus,
    reason,
    tracked,
    trackingFault: asked.fault,
  };
  const follower = tracked === null ? "" : ` MLflow has it as ${trackedText(tracked)}, and follows.`;
  terminal.out(json === true ? `${JSON.stringify(document)}\n` : `${name} ${sentence}.${follower}\n`);
  return EXIT.ok;
}

const refused = (message: string): CliFault => new CliFault(EXIT.failed, message);
