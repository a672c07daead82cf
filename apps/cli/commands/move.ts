import { ROLLOUT_REQUESTED, type HistoryEntry, type RolloutRequested } from "@perennial/contracts";
import type { Connection, Context, Where } from "../context.ts";
import { readSpec } from "../documents.ts";
import { ask } from "../execution/ask.ts";
import { type Decided, followDecision, followRollout } from "../execution/follow-request.ts";
import { CliFault, EXIT, type ExitCode } from "../exit.ts";
import { findModel, type Model, nameOf } from "../model-reference.ts";
import { modelName } from "../output/phrases.ts";
import { sayer } from "../output/say.ts";
import { tryModel } from "../trial.ts";
import { findWorkload } from "../workload.ts";

export interface MoveOptions extends Where {
  reason: string;
  follow: boolean;
  json?: boolean;
}

export interface RollbackOptions extends MoveOptions {
  to?: string;
}

/** What became of a request to move an endpoint. */
interface Moved extends Decided {
  workload: string;
  from: number;
  to: number;
  eventId: string | null;
  rollout: HistoryEntry | null;
}

/** Goes back to a version that was live before: the last one, unless `--to` names another. */
export async function rollBack(
  context: Context,
  name: string,
  { to, ...options }: RollbackOptions,
): Promise<ExitCode> {
  const connection = await context.connect(options);
  const workload = findWorkload(connection.platform, name);
  const version = to === undefined ? await versionBefore(connection, workload.name) : readVersionNumber(to);
  const model = await findModel(connection, `${workload.name}:${version}`);
  return await move(context, connection, "rollback", model, options);
}

/** Puts an approved version in service. */
export async function promote(context: Context, name: string, options: MoveOptions): Promise<ExitCode> {
  const connection = await context.connect(options);
  return await move(context, connection, "promote", await findModel(connection, name), options);
}

async function versionBefore({ ledger }: Connection, workload: string): Promise<number> {
  const pointer = await ledger.readPointer(workload);
  if (pointer === null) {
    const message = `${workload} runs with the baseline, and nothing was before it; there is nothing to go back to.`;
    throw new CliFault(EXIT.failed, message);
  }
  // The first retraining registers the baseline, which the ledger calls version 0, as version 1.
  const before = Math.max(pointer.previous.version, 1);
  if (before !== pointer.version) return before;
  const message = `Version ${before} of ${workload} was in service before as well: name the version to go back to with --to.`;
  throw new CliFault(EXIT.failed, message);
}

function readVersionNumber(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new CliFault(
    EXIT.usage,
    `--to is ${JSON.stringify(text)}, expected a version's number such as 3; perennial models list names them.`,
  );
}

async function move(
  context: Context,
  connection: Connection,
  kind: "rollback" | "promote",
  model: Model,
  options: MoveOptions,
): Promise<ExitCode> {
  const { workload, record } = model;
  const { terminal } = context;
  const say = sayer(context, options.json === true);
  const from = (await connection.ledger.readPointer(workload.name))?.version ?? 0;
  const moved: Moved = {
    workload: workload.name,
    from,
    to: record.version,
    eventId: null,
    execution: null,
    held: null,
    rollout: null,
  };
  const finish = (code: ExitCode): ExitCode => {
    if (options.json) {
      const isInService = moved.rollout === null ? null : moved.rollout.outcome === "in-service";
      terminal.out(`${JSON.stringify({ ...moved, isInService })}\n`);
    }
    return code;
  };

  if (record.version === from) {
    say(`${nameOf(model)} is in service already; nothing was asked for.`);
    return finish(EXIT.ok);
  }
  refuseUnapproved(model);
  const answered = await tryModel(connection, model, await readSpec(connection, workload.specUri));
  say(
    `${nameOf(model)} is approved, its artifact is the registered one, and it answers ${answered} example${answered === 1 ? "" : "s"}.`,
  );

  const eventId = await ask(connection, ROLLOUT_REQUESTED, {
    stack: connection.platform.stack,
    workload: workload.name,
    kind,
    version: record.version,
    reason: options.reason,
    requestedBy: context.user,
  } satisfies RolloutRequested);
  say(`Asked to put it in service in place of ${modelName(from)} (event ${eventId}).`);
  moved.eventId = eventId;
  if (!options.follow) return finish(EXIT.ok);
  const decided = await followDecision(context, connection, workload, "rollout", eventId, say);
  moved.execution = decided.execution;
  moved.held = decided.held;
  if (decided.execution === null) return finish(decided.code);
  const { entry, code } = await followRollout(context, connection, workload, decided.execution, say);
  moved.rollout = entry;
  return finish(code);
}

function refuseUnapproved(model: Model): void {
  const { approvalStatus, approvalDescription } = model.record;
  if (approvalStatus === "Approved") return;
  const why = approvalDescription === "" ? "no reason was given" : approvalDescription;
  const mend =
    approvalStatus === "Rejected"
      ? "Choose another one: perennial models list names them."
      : "Approve it first: perennial models approve.";
  throw new CliFault(
    EXIT.failed,
    `${nameOf(model)} is ${approvalStatus} (${why}), and only an approved version goes into service. ${mend}`,
  );
}
