import { appendFileSync, existsSync, mkdirSync, readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { ApiError, type ApiCall, type LogSink, type MetricSink } from "../gateway/interfaces.ts";
import { extractMetrics } from "./embedded-metrics.ts";

type Json = Record<string, unknown>;

interface Line {
  /** Milliseconds since 1970. */
  timestamp: number;
  message: string;
}

/** CloudWatch Logs: a file for each stream, in a folder for each group; metrics embedded in lines are taken out. */
export class Logs {
  private readonly folder: string;
  private readonly now: () => number;
  private readonly metrics: MetricSink;
  private readonly listeners: ((group: string, stream: string, message: string) => void)[] = [];

  constructor(folder: string, now: () => number, metrics: MetricSink) {
    this.folder = folder;
    this.now = now;
    this.metrics = metrics;
    mkdirSync(folder, { recursive: true });
  }

  readonly sink: LogSink = (group, stream, message) => this.append(group, stream, this.now(), message);

  /** Calls `listener` with every line. */
  onLine(listener: (group: string, stream: string, message: string) => void): void {
    this.listeners.push(listener);
  }

  readonly handle = async ({ action, input }: ApiCall): Promise<unknown> => {
    const group = ((input["logGroupName"] ?? input["logGroupIdentifier"]) as string | undefined) ?? "";
    switch (action) {
      case "CreateLogGroup":
      case "CreateLogStream":
      case "PutRetentionPolicy":
        mkdirSync(this.path(group), { recursive: true });
        return {};
      case "PutLogEvents": {
        const events = (input["logEvents"] as Line[] | undefined) ?? [];
        for (const { timestamp, message } of events)
          this.append(group, String(input["logStreamName"]), timestamp, message);
        return { nextSequenceToken: "0" };
      }
      case "DescribeLogGroups":
        return {
          logGroups: this.groups()
            .filter((name) => name.startsWith((input["logGroupNamePrefix"] as string | undefined) ?? ""))
            .map((logGroupName) => ({ logGroupName })),
        };
      case "DescribeLogStreams":
        return { logStreams: this.describeStreams(group, input) };
      case "GetLogEvents": {
        const events = this.lines(group, String(input["logStreamName"])).filter(within(input));
        const from = input["startFromHead"] === true ? 0 : Math.max(0, events.length - limitOf(input));
        return {
          events: events
            .slice(from, from + limitOf(input))
            .map((line) => ({ ...line, ingestionTime: line.timestamp })),
          nextForwardToken: "f/0",
          nextBackwardToken: "b/0",
        };
      }
      case "FilterLogEvents":
        return this.filter(group, input);
      default:
        throw new ApiError("UnknownOperationException", `logs:${action} is not emulated.`);
    }
  };

  private append(group: string, stream: string, timestamp: number, message: string): void {
    mkdirSync(this.path(group), { recursive: true });
    appendFileSync(join(this.path(group), encode(stream)), `${JSON.stringify({ timestamp, message })}\n`);
    extractMetrics(message, this.metrics);
    for (const listener of this.listeners) listener(group, stream, message);
  }

  private groups(): string[] {
    return readdirSync(this.folder).map(decodeURIComponent);
  }

  private streams(group: string): string[] {
    if (!existsSync(this.path(group))) {
      throw new ApiError("ResourceNotFoundException", `The specified log group does not exist: ${group}`);
    }
    return readdirSync(this.path(group)).map(decodeURIComponent);
  }

  private describeStreams(group: string, input: Json): unknown[] {
    const prefix = (input["logStreamNamePrefix"] as string | undefined) ?? "";
    const streams = this.streams(group)
      .filter((name) => name.startsWith(prefix))
      .map((logStreamName) => {
        const { mtimeMs, birthtimeMs } = statSync(join(this.path(group), encode(logStreamName)));
        return {
          logStreamName,
          creationTime: Math.floor(birthtimeMs),
          lastEventTimestamp: Math.floor(mtimeMs),
        };
      });
    if (input["orderBy"] === "LastEventTime") {
      streams.sort((one, other) => one.lastEventTimestamp - other.lastEventTimestamp);
    }
    if (input["descending"] === true) streams.reverse();
    return streams.slice(0, limitOf(input));
  }

  private lines(group: string, stream: string): Line[] {
    if (!this.streams(group).includes(stream)) {
      throw new ApiError("ResourceNotFoundException", `The specified log stream does not exist: ${stream}`);
    }
    const text = readFileSync(join(this.path(group), encode(stream)), "utf8");
    return text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Line);
  }

  /** Words of a filter pattern are looked for as they stand; the rest of the pattern language is not emulated. */
  private filter(group: string, input: Json): unknown {
    const pattern = ((input["filterPattern"] as string | undefined) ?? "").replaceAll('"', "");
    if (/[[{?]/.test(pattern)) {
      throw new ApiError(
        "InvalidParameterException",
        `Filter pattern ${pattern}: only plain text is emulated.`,
      );
    }
    const names = input["logStreamNames"] as string[] | undefined;
    const prefix = (input["logStreamNamePrefix"] as string | undefined) ?? "";
    const found = this.streams(group)
      .filter((name) => (names === undefined || names.includes(name)) && name.startsWith(prefix))
      .flatMap((name) => this.lines(group, name).map((line) => ({ logStreamName: name, ...line })))
      .filter((line) => within(input)(line) && line.message.includes(pattern))
      .toSorted((one, other) => one.timestamp - other.timestamp)
      .map((line, place) => ({
        ...line,
        ingestionTime: line.timestamp,
        eventId: `${line.timestamp}-${place}`,
      }));
    const from = Number(input["nextToken"] ?? 0);
    const to = from + limitOf(input);
    return { events: found.slice(from, to), ...(to < found.length ? { nextToken: String(to) } : {}) };
  }

  private path(group: string): string {
    return join(this.folder, encode(group));
  }
}

/** Group and stream names hold slashes, and a stream may be named `..`. */
const encode = (name: string): string => encodeURIComponent(name).replaceAll(".", "%2E");

const limitOf = (input: Json): number => Math.min(Number(input["limit"] ?? 0) || 10_000, 10_000);

const within =
  (input: Json) =>
  ({ timestamp }: Line): boolean =>
    timestamp >= Number(input["startTime"] ?? 0) && timestamp < Number(input["endTime"] ?? Infinity);
