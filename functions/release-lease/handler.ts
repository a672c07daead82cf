import {
  type FunctionAnswer,
  type FunctionEnvironment,
  FUNCTIONS,
  InvalidInput,
  parse,
} from "@perennial/contracts";
import { type Ledger, release } from "@perennial/ledger";
import type { Telemetry } from "@perennial/telemetry";
import { interruptedEntry } from "./interrupted-entry.ts";

export interface Dependencies {
  ledger: Pick<Ledger, "decide" | "readPointer" | "appendHistory">;
  telemetry: Telemetry;
  stateMachines: FunctionEnvironment<"release-lease">["STATE_MACHINES"];
}

/**
 * Frees the lease of an execution that has ended, whatever way it did, and records its end where its workflow couldn't.
 * What waits behind the lease is left to the sweep: this function then needs no right to start anything.
 *
 * @throws {InvalidInput} for an event that is no status change of one of this stack's state machines.
 */
export const createHandler =
  ({ ledger, telemetry, stateMachines }: Dependencies) =>
  async (event: unknown): Promise<FunctionAnswer<"release-lease">> => {
    const change = parse(FUNCTIONS["release-lease"].event, event, "event of release-lease");
    const { stateMachineArn, name: execution, status } = change;
    const owner = stateMachines[stateMachineArn];
    if (owner === undefined) {
      const known = Object.keys(stateMachines).join(", ");
      const message = `given ${JSON.stringify(stateMachineArn)}; expected one of ${known}`;
      throw new InvalidInput("event of release-lease", [{ path: "stateMachineArn", message }]);
    }
    const { workload, kind } = owner;

    // Recorded before the lease is free, so that the history is complete when the next one starts.
    const pointer = kind === "rollout" ? await ledger.readPointer(workload) : null;
    const entry = interruptedEntry(change, owner, pointer);
    const recorded = entry !== null && (await ledger.appendHistory(entry)).appended;
    const { decision: released } = await ledger.decide(workload, kind, (before) => {
      const state = release(before, execution);
      return { state, decision: state !== before };
    });

    telemetry.log("execution ended", { workload, kind, execution, status, released, recorded });
    if (recorded) telemetry.count("ExecutionsInterrupted", { workload, kind });
    return { released, recorded };
  };
