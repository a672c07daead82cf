import { DescribeExecutionCommand, type SFNClient, StartExecutionCommand } from "@aws-sdk/client-sfn";
import { z } from "zod";
import type { AdmissionState, Holder } from "./admission-state.ts";
import type { Admission } from "./admit.ts";
import { executionArn } from "./execution.ts";
import type { Door } from "./keys.ts";
import type { Ledger } from "./ledger.ts";
import { confirm, release, withdraw } from "./lease.ts";
import type { Passage, Start } from "./passage.ts";

/** Whose door, and what lies behind it. */
export interface EntranceTo {
  workload: string;
  door: Door;
  stateMachineArn: string;
  /** Input of the execution that a lease names; the same one each time, so that it can be started twice. */
  inputOf: (holder: Holder) => object;
}

/**
 * The way through a door: decide, write the lease that names the execution, start it, confirm it. A crash between any two
 * steps is repaired by whoever comes next, because each step can be done twice.
 */
export class Entrance {
  private readonly ledger: Ledger;
  private readonly stepFunctions: Pick<SFNClient, "send">;

  constructor(ledger: Ledger, stepFunctions: Pick<SFNClient, "send">) {
    this.ledger = ledger;
    this.stepFunctions = stepFunctions;
  }

  /**
   * Decides, and starts the holder's execution wherever that isn't confirmed: the one just admitted, or one whose start an
   * earlier caller didn't survive.
   */
  async pass<Decided>(
    at: EntranceTo,
    decision: (state: AdmissionState) => Admission<Decided> | Promise<Admission<Decided>>,
  ): Promise<Passage<Decided>> {
    const admission = await this.ledger.decide(at.workload, at.door, decision);
    const { holder } = admission.state;
    if (holder === null || holder.executionArn !== null)
      return { decision: admission.decision, started: null };
    return { decision: admission.decision, started: { holder, start: await this.start(at, holder) } };
  }

  private async start(
    { workload, door, stateMachineArn, inputOf }: EntranceTo,
    holder: Holder,
  ): Promise<Start> {
    const change = async (next: (state: AdmissionState) => AdmissionState): Promise<void> => {
      await this.ledger.decide(workload, door, (state) => ({ state: next(state), decision: null }));
    };
    const input = JSON.stringify(inputOf(holder));
    try {
      // Same name and input as a running execution: succeeds and starts nothing.
      const started = await this.stepFunctions.send(
        new StartExecutionCommand({ stateMachineArn, name: holder.execution, input }),
      );
      const arn = started.executionArn ?? executionArn(stateMachineArn, holder.execution);
      await change((state) => confirm(state, holder, arn));
      return "running";
    } catch (error) {
      if (!(error instanceof Error) || error.name !== "ExecutionAlreadyExists") throw error;
    }

    const arn = executionArn(stateMachineArn, holder.execution);
    const existing = await this.stepFunctions.send(new DescribeExecutionCommand({ executionArn: arn }));
    if (tokenOf(existing.input) !== holder.token) {
      await change((state) => withdraw(state, holder));
      return "name-used";
    }
    if (existing.status === "RUNNING") {
      await change((state) => confirm(state, holder, arn));
      return "running";
    }
    await change((state) => release(state, holder.execution));
    return "ended";
  }
}

const Tokened = z.object({ token: z.int() });

function tokenOf(input: string | undefined): number | null {
  try {
    return Tokened.parse(JSON.parse(input ?? "")).token;
  } catch {
    return null; // Started by hand, with an input of its own.
  }
}
