import { DescribeExecutionCommand, StartExecutionCommand } from "@aws-sdk/client-sfn";
import { named } from "./ledger-table.ts";

export interface Execution {
  executionArn: string;
  name: string;
  input: string;
  status: "RUNNING" | "SUCCEEDED" | "FAILED" | "ABORTED";
}

/** Step Functions in memory, with the rules of StartExecution on names: a running one is the same, an ended one is taken. */
export class Executions {
  readonly started: Execution[] = [];
  /** Called before each command; what it throws is what the caller gets, as if the call never arrived. */
  before: (name: string) => void = () => {};
  /** Called after each command; what it throws is what the caller gets, although the call took effect. */
  after: (name: string) => void = () => {};

  get running(): Execution[] {
    return this.started.filter(({ status }) => status === "RUNNING");
  }

  end(name: string, status: Execution["status"] = "SUCCEEDED"): void {
    const execution = this.started.find((candidate) => candidate.name === name);
    if (execution === undefined) throw new Error(`No execution ${name} was started.`);
    execution.status = status;
  }

  readonly send = (async (command: unknown): Promise<unknown> => {
    await Promise.resolve(); // As over a network, others may run before the answer.
    if (command instanceof StartExecutionCommand) {
      this.before("StartExecution");
      const answer = this.start(command.input);
      this.after("StartExecution");
      return answer;
    }
    if (command instanceof DescribeExecutionCommand) {
      const found = this.started.find(({ executionArn }) => executionArn === command.input.executionArn);
      if (found === undefined) throw named("ExecutionDoesNotExist", "Execution does not exist");
      return { ...found };
    }
    throw new Error(`Executions has no answer for ${String(command)}; add it to test/support/executions.ts.`);
  }) as never;

  private start({ stateMachineArn, name, input }: StartExecutionCommand["input"]): { executionArn: string } {
    if (stateMachineArn === undefined || name === undefined || input === undefined) {
      throw named("ValidationException", "stateMachineArn, name and input are needed here");
    }
    const executionArn = `${stateMachineArn.replace(":stateMachine:", ":execution:")}:${name}`;
    const known = this.started.find((execution) => execution.executionArn === executionArn);
    if (known === undefined) {
      this.started.push({ executionArn, name, input, status: "RUNNING" });
    } else if (known.status !== "RUNNING" || known.input !== input) {
      throw named("ExecutionAlreadyExists", `Execution Already Exists: '${executionArn}'`);
    }
    return { executionArn };
  }
}
