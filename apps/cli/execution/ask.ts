import { PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { EVENT_SOURCE, type HistoryEntry } from "@perennial/contracts";
import type { Door } from "@perennial/ledger";
import type { Connection, Context } from "../context.ts";
import { CliFault, EXIT } from "../exit.ts";
import type { PlatformWorkload } from "../workload.ts";
import { type Admitted, admittedOf } from "./admission.ts";
import { lookEvery, lookUntil } from "./look-until.ts";

/** How long an event may take to be answered: it crosses the bus, a queue and a function that may start cold. */
const DECISION_MS = 90_000;
/** Lines of the history among which what was asked for is looked for. */
const ENTRIES = 50;
/** Looks at the history after an execution's end. */
const LOOKS = 10;

/**
 * Sends a request to the platform's bus.
 *
 * @returns the event's id.
 * @throws {CliFault} with what the bus says where it refuses.
 */
export async function ask(
  { events, platform }: Pick<Connection, "events" | "platform">,
  detailType: string,
  detail: object,
): Promise<string> {
  const answer = await events.send(
    new PutEventsCommand({
      Entries: [
        {
          EventBusName: platform.eventBus,
          Source: EVENT_SOURCE,
          DetailType: detailType,
          Detail: JSON.stringify(detail),
        },
      ],
    }),
  );
  const [entry] = answer.Entries ?? [];
  if (entry?.EventId !== undefined) return entry.EventId;
  const { ErrorCode = "no reason", ErrorMessage = "" } = entry ?? {};
  throw new CliFault(
    EXIT.failed,
    `The bus ${platform.eventBus} refused the request: ${ErrorCode} ${ErrorMessage}`.trimEnd(),
  );
}

/** Waits until a door has decided; undecided only where nobody wants to wait any longer. */
export async function decisionOf(
  context: Context,
  connection: Connection,
  workload: PlatformWorkload,
  door: Door,
  eventId: string,
): Promise<Admitted> {
  const decided = await lookUntil(context, connection, DECISION_MS, async () => {
    const state = await connection.ledger.readAdmission(workload.name, door);
    const admitted = admittedOf(state, workload, door, eventId);
    return admitted.kind === "undecided" ? null : admitted;
  });
  if (decided !== null) return decided;
  if (context.interrupted.aborted) return { kind: "undecided" };
  const keeper = door === "retrain" ? "admit-retraining" : "admit-rollout";
  throw new CliFault(
    EXIT.failed,
    `Nobody answered the request within ${DECISION_MS / 1000} s: look at perennial logs ${keeper}.`,
  );
}

/** The newest line of the history that fits; the line of an interrupted execution comes a moment after its end. */
export async function entryOf(
  context: Context,
  connection: Connection,
  workload: string,
  fits: (entry: HistoryEntry) => boolean,
): Promise<HistoryEntry | null> {
  return await lookUntil(context, connection, LOOKS * lookEvery(connection), async () => {
    return await latestEntry(connection, workload, fits);
  });
}

/** The newest line of the history that fits, as it stands. */
export async function latestEntry(
  { ledger }: Pick<Connection, "ledger">,
  workload: string,
  fits: (entry: HistoryEntry) => boolean,
): Promise<HistoryEntry | null> {
  return (await ledger.listHistory(workload, { limit: ENTRIES })).find(fits) ?? null;
}
