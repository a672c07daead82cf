import {
  type HistoryEntry,
  RETRAINING_REQUESTED,
  type RetrainingRequested,
  type Verdict,
} from "@perennial/contracts";
import type { Connection, Context, Where } from "../context.ts";
import { readGate, readVerdict } from "../documents.ts";
import { arnOf } from "../execution/arn.ts";
import { ask, entryOf, latestEntry } from "../execution/ask.ts";
import { follow } from "../execution/follow.ts";
import { followDecision, followRollout } from "../execution/follow-request.ts";
import { lookUntil } from "../execution/look-until.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { gateLines } from "../gate-text.ts";
import { type Say, sayer, sayThatItGoesOn } from "../output/say.ts";
import type { Terminal } from "../output/terminal.ts";
import { verdictLines, withoutReason } from "../verdict-text.ts";
import { findWorkload, type PlatformWorkload } from "../workload.ts";
import { type Outcome, outcomeJson } from "./retrain-outcome.ts";
import { type WishOptions, wishesOf } from "./retrain-wishes.ts";

export interface RetrainOptions extends Where, WishOptions {
  reason: string;
  follow: boolean;
  json?: boolean;
}

/** How long after the verdict a rollout is waited for. */
const ROLLOUT_MS = 90_000;

/** Asks for a retraining, follows it and the rollout that comes of it, and says how both ended. */
export async function retrain(context: Context, name: string, options: RetrainOptions): Promise<ExitCode> {
  const connection = await context.connect(options);
  const workload = findWorkload(connection.platform, name);
  const { terminal } = context;
  const say = sayer(context, options.json === true);

  const wishes = await wishesOf(connection, workload, options);
  const eventId = await ask(connection, RETRAINING_REQUESTED, {
    stack: connection.platform.stack,
    workload: name,
    reason: options.reason,
    requestedBy: context.user,
    ...wishes,
  } satisfies RetrainingRequested);
  say(`Asked for a retraining of ${name} (event ${eventId}).`);
  const outcome: Outcome = {
    workload: name,
    eventId,
    execution: null,
    held: null,
    retraining: null,
    rollout: null,
  };
  const finish = (code: ExitCode): ExitCode => {
    if (options.json) terminal.out(`${JSON.stringify(outcomeJson(outcome))}\n`);
    return code;
  };
  if (!options.follow) return finish(EXIT.ok);

  const decided = await followDecision(context, connection, workload, "retrain", eventId, say);
  outcome.execution = decided.execution;
  outcome.held = decided.held;
  if (decided.execution === null) return finish(decided.code);
  const { execution } = decided;
  const { status } = await follow(context, connection, "retrain", arnOf(workload, "retrain", execution));
  if (status === "RUNNING") {
    sayThatItGoesOn(say, execution);
    return finish(EXIT.ok);
  }

  const entry = await entryOf(context, connection, name, (line) => {
    return line.kind === "retraining" && line.execution === execution;
  });
  outcome.retraining = entry;
  if (entry === null || status !== "SUCCEEDED") {
    say(entry?.summary ?? `The retraining ended as ${status}; its outcome isn't in the history.`);
    return finish(EXIT.failed);
  }
  const { verdict, lines } = await findingOf(connection, entry, reportTo(terminal, options.json === true));
  for (const line of lines) say(line);
  say(withoutReason(entry.summary, verdict));
  if (entry.outcome === "data-refused") return finish(EXIT.failed);
  return finish(await followPromotion(context, connection, workload, entry, outcome, say));
}

/** What the retraining's gate found, the one of the data or the one of the model, with an empty line behind it. */
async function findingOf(
  connection: Connection,
  entry: HistoryEntry,
  { width, paint }: Pick<Terminal, "width" | "paint">,
): Promise<{ verdict: Verdict | null; lines: string[] }> {
  if (entry.kind !== "retraining") return { verdict: null, lines: [] };
  if (entry.outcome === "data-refused" && entry.gateUri !== null) {
    const gate = await readGate(connection, entry.gateUri);
    return { verdict: null, lines: [...gateLines(gate, width, paint), ""] };
  }
  if (entry.verdictUri === null) return { verdict: null, lines: [] };
  const verdict = await readVerdict(connection, entry.verdictUri);
  return { verdict, lines: [...verdictLines(verdict, width, paint), ""] };
}

/** Reports go where sentences go: beside the JSON, where that is asked for. */
const reportTo = (terminal: Terminal, isJson: boolean): Pick<Terminal, "width" | "paint"> =>
  isJson ? { width: terminal.progressWidth, paint: terminal.paintError } : terminal;

/** Follows the rollout that comes of a retraining, where one does. */
async function followPromotion(
  context: Context,
  connection: Connection,
  workload: PlatformWorkload,
  entry: HistoryEntry,
  outcome: Outcome,
  say: Say,
): Promise<ExitCode> {
  if (entry.kind !== "retraining" || entry.version === null || entry.outcome !== "better") return EXIT.ok;
  const { version, approvalStatus } = entry;
  if (approvalStatus !== "Approved") {
    say(`Version ${version} is ${approvalStatus}: its rollout starts when a person approves it.`);
    return EXIT.ok;
  }
  const execution = await rolloutOf(context, connection, workload.name, version, entry.startedAt);
  if (execution === null && context.interrupted.aborted) return EXIT.ok;
  if (execution === null) {
    say(
      `The rollout of version ${version} hasn't started within ${ROLLOUT_MS / 1000} s: look at perennial status.`,
    );
    return EXIT.failed;
  }
  say(`Version ${version} is rolled out by ${execution}.`);
  const rollout = await followRollout(context, connection, workload, execution, say);
  outcome.rollout = rollout.entry;
  return rollout.code;
}

/** The execution that rolls `version` out: it holds the lease, or has ended already. */
async function rolloutOf(
  context: Context,
  connection: Connection,
  workload: string,
  version: number,
  since: string,
): Promise<string | null> {
  return await lookUntil(context, connection, ROLLOUT_MS, async () => {
    const { holder } = await connection.ledger.readAdmission(workload, "rollout");
    if (holder?.target?.version === version) return holder.execution;
    const ended = await latestEntry(connection, workload, (line) => {
      return (
        line.kind === "rollout" && line.to === version && Date.parse(line.startedAt) >= Date.parse(since)
      );
    });
    return ended?.execution ?? null;
  });
}
