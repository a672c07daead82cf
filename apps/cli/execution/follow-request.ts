import type { HistoryEntry } from "@perennial/contracts";
import type { Door } from "@perennial/ledger";
import type { Connection, Context } from "../context.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { moment } from "../output/phrases.ts";
import { type Say, sayThatItGoesOn } from "../output/say.ts";
import type { PlatformWorkload } from "../workload.ts";
import { arnOf } from "./arn.ts";
import { decisionOf, entryOf } from "./ask.ts";
import { follow } from "./follow.ts";

/** What a door made of a request. */
export interface Decided {
  /** Null while it waits, and where nobody followed it. */
  execution: string | null;
  held: { reason: string; until: string } | null;
}

/**
 * Waits until a door has decided about a request and says what.
 *
 * @returns what it decided, and how the command ends where nothing has started yet.
 */
export async function followDecision(
  context: Context,
  connection: Connection,
  workload: PlatformWorkload,
  door: Door,
  eventId: string,
  say: Say,
): Promise<Decided & ({ execution: string } | { execution: null; code: ExitCode })> {
  const admitted = await decisionOf(context, connection, workload, door, eventId);
  switch (admitted.kind) {
    case "undecided":
      say("The request is on its way; perennial status tells what becomes of it.");
      return { execution: null, held: null, code: EXIT.ok };
    case "held": {
      const { reason, until } = admitted;
      say(`It is held back: ${reason}. It starts by itself when its turn comes, about ${moment(until)} UTC.`);
      return { execution: null, held: { reason, until }, code: EXIT.held };
    }
    case "started":
      say(`${admitted.isJoined ? "It is part of" : "It runs as"} ${admitted.execution}.`);
      return { execution: admitted.execution, held: null };
  }
}

/**
 * Follows a rollout and says how it ended.
 *
 * @returns its line in the history, null where there is none (yet), and how the command ends.
 */
export async function followRollout(
  context: Context,
  connection: Connection,
  workload: PlatformWorkload,
  execution: string,
  say: Say,
): Promise<{ entry: HistoryEntry | null; code: ExitCode }> {
  const { status } = await follow(context, connection, "rollout", arnOf(workload, "rollout", execution));
  if (status === "RUNNING") {
    sayThatItGoesOn(say, execution);
    return { entry: null, code: EXIT.ok };
  }
  const entry = await entryOf(context, connection, workload.name, (line) => {
    return line.kind === "rollout" && line.execution === execution;
  });
  say(entry?.summary ?? `The rollout ended as ${status}; its outcome isn't in the history.`);
  return { entry, code: entry?.outcome === "in-service" ? EXIT.ok : EXIT.failed };
}
