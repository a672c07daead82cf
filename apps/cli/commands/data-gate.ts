import type { HistoryEntry } from "@perennial/contracts";
import type { Connection, Context, Where } from "../context.ts";
import { readGate } from "../documents.ts";
import { CliFault, EXIT, type ExitCode } from "../exit.ts";
import { gateLines } from "../gate-text.ts";
import { moment } from "../output/phrases.ts";
import { findWorkload } from "../workload.ts";

export interface DataGateOptions extends Where {
  execution?: string;
  json?: boolean;
}

const SEARCHED = 1000;

/** Shows what the data gate found when it was last asked, or in one execution. */
export async function dataGate(context: Context, name: string, options: DataGateOptions): Promise<ExitCode> {
  const connection = await context.connect(options);
  const { name: workload } = findWorkload(connection.platform, name);
  const entry = await entryWithGate(connection, workload, options.execution);
  const report = await readGate(connection, entry.gateUri);
  const { terminal } = context;
  if (options.json) {
    terminal.out(`${JSON.stringify({ execution: entry.execution, gateUri: entry.gateUri, report })}\n`);
    return EXIT.ok;
  }
  const lines = [
    `${terminal.paint("bold", workload)}, ${entry.execution}, started ${moment(entry.startedAt)} UTC`,
    ...gateLines(report, terminal.width, terminal.paint),
  ];
  for (const line of lines) terminal.out(`${line}\n`);
  return EXIT.ok;
}

async function entryWithGate(
  { ledger }: Connection,
  workload: string,
  execution: string | undefined,
): Promise<HistoryEntry & { gateUri: string }> {
  const history = await ledger.listHistory(workload, { limit: SEARCHED });
  for (const entry of history) {
    if (entry.kind !== "retraining" || entry.gateUri === null) continue;
    if (execution === undefined || entry.execution === execution) return { ...entry, gateUri: entry.gateUri };
  }
  throw new CliFault(
    EXIT.notFound,
    execution === undefined
      ? `The data gate was never asked about ${workload}, or its report isn't in the history: perennial retrain ${workload} asks it.`
      : `The history of ${workload} holds no report of the data gate for ${execution} among its last ${SEARCHED} executions.`,
  );
}
