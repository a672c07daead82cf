import type { Context, Where } from "../context.ts";
import { CliFault, EXIT, type ExitCode } from "../exit.ts";

export interface UpOptions extends Where {
  once?: boolean;
  workloads?: string;
  port?: string;
}

/** Starts the local cloud in the foreground. A stack in AWS is Pulumi's to bring up. */
export async function up(
  context: Context,
  { stack, state, once, workloads, port }: UpOptions,
): Promise<ExitCode> {
  if (stack !== "local") {
    throw new CliFault(
      EXIT.usage,
      `The stack ${stack} lies in AWS and is brought up by Pulumi: run pulumi up --stack ${stack}.`,
    );
  }
  const flags = [
    ...(once === true ? ["--once"] : []),
    ...(workloads === undefined ? [] : ["--workloads", workloads]),
    ...(port === undefined ? [] : ["--port", port]),
    "--state",
    state,
  ];
  return (await context.startLocal(flags)) === 0 ? EXIT.ok : EXIT.failed;
}
