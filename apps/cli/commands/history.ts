import type { HistoryEntry } from "@perennial/contracts";
import type { Connection, Context, Where } from "../context.ts";
import { CliFault, EXIT, type ExitCode } from "../exit.ts";
import { readLimit } from "../limit.ts";
import { table } from "../output/layout.ts";
import { brief, modelName, moment } from "../output/phrases.ts";
import type { Terminal } from "../output/terminal.ts";
import { findWorkload } from "../workload.ts";

export interface HistoryOptions extends Where {
  at?: string;
  limit: string;
  json?: boolean;
}

interface Live {
  workload: string;
  version: number;
  /** The rollout that brought it; null for the baseline. */
  rollout: HistoryEntry | null;
}

/** Prints what happened, newest first, and with `--at` what was live then. */
export async function history(
  context: Context,
  name: string | undefined,
  options: HistoryOptions,
): Promise<ExitCode> {
  const limit = readLimit(options.limit);
  const at = options.at === undefined ? undefined : readTime(options.at);
  const connection = await context.connect(options);
  const { platform, ledger } = connection;
  const names =
    name === undefined
      ? platform.workloads.map((workload) => workload.name)
      : [findWorkload(platform, name).name];

  const lists = await Promise.all(
    names.map((workload) => ledger.listHistory(workload, { limit, ...(at === undefined ? {} : { at }) })),
  );
  const entries = lists
    .flat()
    .toSorted((one, other) => Date.parse(other.startedAt) - Date.parse(one.startedAt))
    .slice(0, limit);
  const live =
    at === undefined ? null : await Promise.all(names.map((workload) => liveAt(connection, workload, at)));

  const { terminal } = context;
  if (options.json) {
    const document = { stack: connection.stack, ...(live === null ? {} : { at, live }), entries };
    terminal.out(`${JSON.stringify(document)}\n`);
    return EXIT.ok;
  }
  for (const line of [
    ...(live === null ? [] : [...live.map((item) => liveLine(item, at ?? "")), ""]),
    ...historyLines(entries, terminal),
  ]) {
    terminal.out(`${line}\n`);
  }
  return EXIT.ok;
}

/** The history as a table: when, what, how it ended, and the sentence about it. */
export function historyLines(
  entries: readonly HistoryEntry[],
  { width, paint }: Pick<Terminal, "width" | "paint">,
): string[] {
  if (entries.length === 0) return ["Nothing has happened yet."];
  const head = ["started (UTC)", "what", "outcome", "execution", ""].map((title) => paint("dim", title));
  const rows = entries.map(({ startedAt, kind, outcome, execution, summary }) => [
    moment(startedAt),
    kind,
    outcome,
    execution,
    brief(summary),
  ]);
  return table([head, ...rows], width);
}

async function liveAt({ ledger }: Connection, workload: string, at: string): Promise<Live> {
  const { version, entry } = await ledger.liveAt(workload, at);
  return { workload, version, rollout: entry };
}

function liveLine({ workload, version, rollout }: Live, at: string): string {
  const since =
    rollout === null
      ? ""
      : `, since ${moment(rollout.endedAt)} by ${rollout.execution}: ${brief(rollout.summary)}`;
  return `${workload} at ${moment(at)} UTC: ${modelName(version)} was live${since}`;
}

/** Reads a time as people type it, in UTC unless it says otherwise. */
export function readTime(text: string): string {
  const isDate = /^\d{4}-\d{2}-\d{2}$/.test(text);
  const isTime = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?$/.test(text);
  // A day without a time means its end: what was live when it was over.
  const complete = isDate ? `${text}T23:59:59.999Z` : isTime ? `${text.replace(" ", "T")}Z` : text;
  const isZoned = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/.test(complete);
  const time = Date.parse(complete);
  if (isZoned && !Number.isNaN(time)) return new Date(time).toISOString();
  throw new CliFault(
    EXIT.usage,
    `--at is ${JSON.stringify(text)}, expected a time such as 2026-03-01, 2026-03-01T02:00 (UTC) or 2026-03-01T02:00:00+01:00.`,
  );
}
