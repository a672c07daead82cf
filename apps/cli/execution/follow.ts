import type { Connection, Context } from "../context.ts";
import { describeJob, readJobLog, readMetrics } from "./job-progress.ts";
import { lookEvery } from "./look-until.ts";
import { ProgressLines } from "./progress-lines.ts";
import { readEvents, readStatus } from "./read-events.ts";
import { progressOf, type WorkflowKind } from "./stages.ts";

export interface Followed {
  /** `RUNNING` where following was interrupted. */
  status: string;
}

/** Shows an execution's progress until it ends. */
export async function follow(
  { terminal, clock, interrupted }: Pick<Context, "terminal" | "clock" | "interrupted">,
  connection: Connection,
  kind: WorkflowKind,
  executionArn: string,
): Promise<Followed> {
  const lines = new ProgressLines(terminal);
  for (;;) {
    // Asked first: a history read after the end is complete.
    const status = (await readStatus(connection, executionArn)) ?? "RUNNING";
    const progress = progressOf(kind, await readEvents(connection, executionArn));
    const { current } = progress;
    const job = current?.job ?? null;
    const log = current === null || job === null ? [] : await readJobLog(connection, current.stage, job);
    lines.show(progress, clock.now().getTime(), describeJob(readMetrics(log)));
    if (status !== "RUNNING" || interrupted.aborted) {
      lines.clear();
      return { status };
    }
    await clock.sleep(lookEvery(connection));
  }
}
