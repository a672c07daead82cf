import { FREEZE_REQUESTED, type FreezeRequested } from "@perennial/contracts";
import type { Connection, Context, Where } from "../context.ts";
import { ask } from "../execution/ask.ts";
import { lookUntil } from "../execution/look-until.ts";
import { CliFault, EXIT, type ExitCode } from "../exit.ts";
import { type Frozen, frozenOf } from "../frozen.ts";
import { moment } from "../output/phrases.ts";
import { findWorkload } from "../workload.ts";

export interface FreezeOptions extends Where {
  reason: string;
  json?: boolean;
}

const DAY_MS = 24 * 60 * 60 * 1000;
const LONGEST_DAYS = 365;
/** How long both doors may take to hear of it. */
const HEARD_MS = 90_000;

/** Holds back every retraining and rollout of a workload but a rollback. */
export async function freeze(
  context: Context,
  name: string,
  { days, ...options }: FreezeOptions & { days: string },
): Promise<ExitCode> {
  const until = new Date(context.clock.now().getTime() + readDays(days) * DAY_MS).toISOString();
  return await tellDoors(context, name, options, { frozen: true, until });
}

/** Ends a freeze; what was held back goes on. */
export async function unfreeze(context: Context, name: string, options: FreezeOptions): Promise<ExitCode> {
  return await tellDoors(context, name, options, { frozen: false });
}

function readDays(text: string): number {
  const days = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (days >= 1 && days <= LONGEST_DAYS) return days;
  throw new CliFault(
    EXIT.usage,
    `--days is ${JSON.stringify(text)}, expected a whole number from 1 to ${LONGEST_DAYS}; a freeze ends by itself.`,
  );
}

async function tellDoors(
  context: Context,
  name: string,
  { json, reason, ...where }: FreezeOptions,
  word: { frozen: true; until: string } | { frozen: false },
): Promise<ExitCode> {
  const connection = await context.connect(where);
  const { name: workload } = findWorkload(connection.platform, name);
  const { stack } = connection.platform;
  const detail: FreezeRequested = { stack, workload, ...word, reason, requestedBy: context.user };
  const eventId = await ask(connection, FREEZE_REQUESTED, detail);
  const frozen = await heard(context, connection, workload, eventId);
  const { terminal } = context;
  if (json) {
    terminal.out(`${JSON.stringify({ workload, eventId, frozen })}\n`);
    return EXIT.ok;
  }
  terminal.out(
    frozen === null
      ? `${workload} is not frozen: what was held back goes on.\n`
      : `${workload} is frozen until ${moment(frozen.until)} UTC: no retraining and no rollout starts, but a rollback. ` +
          `What is asked for meanwhile waits; perennial unfreeze ${workload} ends it before.\n`,
  );
  return EXIT.ok;
}

/** Waits until both doors know; answers how the workload stands then. */
async function heard(
  context: Context,
  connection: Connection,
  workload: string,
  eventId: string,
): Promise<Frozen | null> {
  const state = await lookUntil(context, connection, HEARD_MS, async () => {
    const doors = await Promise.all(
      (["retrain", "rollout"] as const).map((door) => connection.ledger.readAdmission(workload, door)),
    );
    const [retrain] = doors;
    return retrain !== undefined && doors.every(({ seen }) => seen.includes(eventId)) ? retrain : null;
  });
  if (state !== null) return frozenOf(state, context.clock.now());
  throw new CliFault(
    EXIT.failed,
    `Not both doors have heard of it within ${HEARD_MS / 1000} s: look at perennial logs admit-retraining and admit-rollout.`,
  );
}
