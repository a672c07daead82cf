import { type AdmissionState, type Door, executionName } from "@perennial/ledger";
import type { PlatformWorkload } from "../workload.ts";
import { machineOf } from "./arn.ts";

/** What became of a request, as far as the door's state tells. */
export type Admitted =
  | { kind: "undecided" }
  | { kind: "started"; execution: string; isJoined: boolean }
  | { kind: "held"; reason: string; until: string };

/** Reads from a door's state what it decided about the event `eventId`. */
export function admittedOf(
  state: AdmissionState,
  workload: PlatformWorkload,
  door: Door,
  eventId: string,
): Admitted {
  if (!state.seen.includes(eventId)) return { kind: "undecided" };
  const { holder, pending } = state;
  if (holder?.cause.id === eventId) {
    return { kind: "started", execution: holder.execution, isJoined: false };
  }
  // Whatever is held back stays pending until it starts; then the holder counts what was joined to it.
  if (pending !== null) return { kind: "held", reason: pending.reason, until: pending.until };
  if (holder !== null && holder.cause.coalesced > 0) {
    return { kind: "started", execution: holder.execution, isJoined: true };
  }
  const execution = executionName(workload.name, machineOf(workload, door), eventId);
  return { kind: "started", execution, isJoined: false };
}
