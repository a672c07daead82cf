import { FilterLogEventsCommand, type FilteredLogEvent } from "@aws-sdk/client-cloudwatch-logs";
import type { Connection, Context, Where } from "../context.ts";
import { hint } from "../did-you-mean.ts";
import { lookEvery } from "../execution/look-until.ts";
import { CliFault, EXIT, type ExitCode } from "../exit.ts";
import { moment } from "../output/phrases.ts";

export interface LogsOptions extends Where {
  follow?: boolean;
  since: string;
  json?: boolean;
}

const UNITS: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Prints the log of a function, of the jobs or of an endpoint, oldest first. */
export async function logs(context: Context, what: string, options: LogsOptions): Promise<ExitCode> {
  const { clock, interrupted, terminal } = context;
  const since = clock.now().getTime() - readSpan(options.since);
  const connection = await context.connect(options);
  const logGroupName = groupOf(connection, what);
  const seen = new Set<string>();
  let startTime = since;
  for (;;) {
    const events = await read(connection, logGroupName, startTime);
    for (const event of events.filter(({ eventId = "" }) => !seen.has(eventId))) {
      seen.add(event.eventId ?? "");
      startTime = Math.max(startTime, event.timestamp ?? 0);
      terminal.out(`${options.json ? JSON.stringify(jsonOf(event)) : lineOf(event)}\n`);
    }
    if (!options.follow || interrupted.aborted) break;
    await clock.sleep(lookEvery(connection));
  }
  if (seen.size === 0 && !options.json)
    terminal.err(`${logGroupName} holds nothing of the last ${options.since}.\n`);
  return EXIT.ok;
}

function groupOf({ platform }: Connection, what: string): string {
  const group = Object.hasOwn(platform.logGroups, what) ? platform.logGroups[what] : undefined;
  if (group !== undefined) return group;
  const known = Object.keys(platform.logGroups).toSorted();
  throw new CliFault(
    EXIT.notFound,
    `The stack ${platform.stack} has no log "${what}". It has ${known.join(", ")}.${hint(what, known)}`,
  );
}

async function read(
  { logs }: Connection,
  logGroupName: string,
  startTime: number,
): Promise<FilteredLogEvent[]> {
  const events: FilteredLogEvent[] = [];
  let nextToken: string | undefined;
  try {
    do {
      const page = await logs.send(new FilterLogEventsCommand({ logGroupName, startTime, nextToken }));
      events.push(...(page.events ?? []));
      ({ nextToken } = page);
    } while (nextToken !== undefined);
  } catch (error) {
    // SageMaker makes a job's group with the first job: before that there is no log, and that is no mistake.
    if (!(error instanceof Error) || error.name !== "ResourceNotFoundException") throw error;
  }
  return events.toSorted((one, other) => (one.timestamp ?? 0) - (other.timestamp ?? 0));
}

const lineOf = ({ timestamp = 0, logStreamName = "", message = "" }: FilteredLogEvent): string =>
  `${moment(new Date(timestamp).toISOString())} ${logStreamName} ${message.trimEnd()}`;

const jsonOf = ({
  timestamp = 0,
  logStreamName = "",
  message = "",
}: FilteredLogEvent): Record<string, string> => ({
  time: new Date(timestamp).toISOString(),
  stream: logStreamName,
  message: message.trimEnd(),
});

/** Milliseconds of `90s`, `10m`, `2h` or `3d`. */
export function readSpan(text: string): number {
  const [, count, unit = ""] = /^(\d+)([smhd])$/.exec(text) ?? [];
  const ms = Number(count) * (UNITS[unit] ?? Number.NaN);
  if (ms > 0) return ms;
  throw new CliFault(
    EXIT.usage,
    `--since is ${JSON.stringify(text)}, expected a span such as 90s, 10m, 2h or 3d.`,
  );
}
