import { ApiError, type ApiCall } from "../gateway/interfaces.ts";
import type { Bus, Rule } from "./bus.ts";
import { checkPattern, matches } from "./pattern.ts";

interface Entry {
  Source?: string;
  DetailType?: string;
  Detail?: string;
  Resources?: string[];
  Time?: number | string;
  EventBusName?: string;
}

const LARGEST_ENTRY = 1_048_576;

/** EventBridge: the part of the API that clients use. Rules come from the program. */
export function eventsService(bus: Bus) {
  return async ({ action, input, caller }: ApiCall): Promise<unknown> => {
    switch (action) {
      case "PutEvents": {
        const entries = (input["Entries"] as Entry[] | undefined) ?? [];
        if (entries.length < 1 || entries.length > 10) {
          throw new ApiError("ValidationException", `${entries.length} entries given, expected 1 to 10.`);
        }
        const answers = entries.map((entry) =>
          putEntry(bus, entry, caller.role === null && caller.accessKeyId === "events"),
        );
        return {
          FailedEntryCount: answers.filter((answer) => "ErrorCode" in answer).length,
          Entries: answers,
        };
      }
      case "ListRules":
        return { Rules: bus.list().map(({ rule }) => shown(rule)) };
      case "DescribeRule":
        return shown(find(bus, input["Name"]).rule);
      case "ListTargetsByRule":
        return {
          Targets: find(bus, input["Rule"]).targets.map(({ id, arn, roleArn }) => ({
            Id: id,
            Arn: arn,
            ...(roleArn === undefined ? {} : { RoleArn: roleArn }),
          })),
        };
      case "TestEventPattern": {
        const pattern: unknown = JSON.parse(String(input["EventPattern"]));
        try {
          checkPattern(pattern);
        } catch (error) {
          throw new ApiError("InvalidEventPatternException", (error as Error).message);
        }
        const event = JSON.parse(String(input["Event"])) as Record<string, unknown>;
        return { Result: matches(pattern as Record<string, unknown>, event) };
      }
      default:
        throw new ApiError(
          "UnknownOperationException",
          `events:${action} is not emulated; rules come from the program, and the local cloud answers PutEvents, ` +
            `ListRules, DescribeRule, ListTargetsByRule and TestEventPattern.`,
        );
    }
  };
}

function putEntry(bus: Bus, entry: Entry, isService: boolean): Record<string, string> {
  const { Source, DetailType, Detail, Resources, Time } = entry;
  const refuse = (ErrorCode: string, ErrorMessage: string) => ({ ErrorCode, ErrorMessage });
  for (const [name, value] of Object.entries({ Source, DetailType, Detail })) {
    if (value === undefined || value === "")
      return refuse(
        "InvalidArgument",
        `Parameter ${name} is not valid. Reason: ${name} is a required argument.`,
      );
  }
  if (Source?.startsWith("aws.") === true && !isService) {
    return refuse("NotAuthorizedForSourceException", "Not authorized for the source.");
  }
  let detail: unknown;
  try {
    detail = JSON.parse(Detail ?? "");
  } catch {
    detail = null;
  }
  if (typeof detail !== "object" || detail === null || Array.isArray(detail)) {
    return refuse("MalformedDetail", "Detail is malformed.");
  }
  if (Buffer.byteLength(JSON.stringify(entry)) > LARGEST_ENTRY) {
    return refuse("InvalidArgument", "Total size of the entries in the request is over the limit.");
  }
  const id = bus.put({
    source: Source ?? "",
    "detail-type": DetailType ?? "",
    detail,
    ...(Resources === undefined ? {} : { resources: Resources }),
    ...(Time === undefined ? {} : { time: momentOf(Time) }),
  });
  return { EventId: id };
}

/** The API's timestamp: seconds since 1970, or text. */
const momentOf = (time: number | string): string =>
  new Date(typeof time === "number" ? time * 1000 : time).toISOString();

function find(bus: Bus, name: unknown) {
  const found = bus.list().find(({ rule }) => rule.name === name);
  if (found === undefined)
    throw new ApiError("ResourceNotFoundException", `Rule ${String(name)} does not exist.`);
  return found;
}

function shown({ name, arn, pattern, schedule, isEnabled }: Rule): Record<string, unknown> {
  return {
    Name: name,
    Arn: arn,
    State: isEnabled ? "ENABLED" : "DISABLED",
    EventBusName: "default",
    ...(pattern === null ? {} : { EventPattern: JSON.stringify(pattern) }),
    ...(schedule === null ? {} : { ScheduleExpression: schedule }),
  };
}
