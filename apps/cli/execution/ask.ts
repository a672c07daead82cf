import { PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { EVENT_SOURCE, type HistoryEntry } from "@perennial/contracts";
import type { Door } from "@perennial/ledger";
import type { Connection, Context } from "../context.ts";
import { CliFault, EXIT } from "../exit.ts";
import type { PlatformWorkload } from "../workload.ts";
import { type Admitted, admittedOf } from "./admission.ts";
import { lookEvery } from "./follow.ts";

/** How long an event may take to be answered: it crosses the bus, a queue and a function that may start cold. */
const DECISION_MS = 90_000;
const ENTRIES = 50;

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
  { clock, interrupted }: Context,
  connection: Connection,
  workload: PlatformWorkload,
  door: Door,
  eventId: string,
): Promise<Admitted> {
  const until = clock.now().getTime() + DECISION_MS;
  for (;;) {
    const state = await connection.ledger.readAdmission(workload.name, door);
    const admitted = admittedOf(state, workload, door, eventId);
    if (admitted.kind !== "undecided" || interrupted.aborted) return admitted;
    if (clock.now().getTime() > until) {
      const keeper = door === "retrain" ? "admit-retraining" : "admit-rollout";
      throw new CliFault(
        EXIT.failed,
        `Nobody answered the request within ${DECISION_MS / 1000} s: look at perennial logs ${keeper}.`,
      );
    }
    await clock.sleep(lookEvery(connection));
  }
}

/** The newest line of the history that fits; the line of an interrupted execution comes a moment after its end. */
export async function entryOf(
  { clock, interrupted }: Context,
  connection: Connection,
  workload: string,
  fits: (entry: HistoryEntry) => boolean,
): Promise<HistoryEntry | null> {
  for (let attempt = 0; attempt < 10 && !interrupted.aborted; attempt++) {
    const entry = (await connection.ledger.listHistory(workload, { limit: ENTRIES })).find(fits);
    if (entry !== undefined) return entry;
    await clock.sleep(lookEvery(connection));
  }
  return null;
}
