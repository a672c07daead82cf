import { FUNCTIONS, type HistoryEntry, parse } from "@perennial/contracts";
import type { Ledger } from "@perennial/ledger";
import type { Telemetry } from "@perennial/telemetry";
import { historyEntry } from "./history-entry.ts";

export interface Dependencies {
  ledger: Pick<Ledger, "appendHistory">;
  telemetry: Telemetry;
  clock: () => Date;
}

/**
 * Adds how an execution ended to the history. Asked again, it answers the line that stands already.
 *
 * @throws {InvalidInput} for an event that is no report of a workflow.
 */
export const createHandler =
  ({ ledger, telemetry, clock }: Dependencies) =>
  async (event: unknown): Promise<HistoryEntry> => {
    const report = parse(FUNCTIONS["record-outcome"].event, event, "event of record-outcome");
    const { entry, appended } = await ledger.appendHistory(historyEntry(report, clock()));
    const { workload, execution, kind, outcome } = entry;
    telemetry.log("outcome", { workload, execution, kind, outcome, appended });
    if (appended) telemetry.count("Outcomes", { workload, kind, outcome });
    return entry;
  };
