import type { Machine } from "./execution.ts";
import type { ExecutionRecord } from "./execution-store.ts";

type Json = Record<string, unknown>;

/** An execution as DescribeExecution answers it. */
export function shown(record: ExecutionRecord): Json {
  const { executionArn, stateMachineArn, name, status, startedAt, stoppedAt, input, output, error, cause } =
    record;
  return {
    executionArn,
    stateMachineArn,
    name,
    status,
    startDate: startedAt / 1000,
    ...(stoppedAt === null ? {} : { stopDate: stoppedAt / 1000 }),
    input,
    ...(output === null ? {} : { output }),
    ...(error === null ? {} : { error }),
    ...(cause === null ? {} : { cause }),
    redriveCount: 0,
  };
}

export function describe({ arn, name, roleArn, definition, createdAt }: Machine): Json {
  return {
    stateMachineArn: arn,
    name,
    status: "ACTIVE",
    definition: JSON.stringify(definition),
    roleArn,
    type: "STANDARD",
    creationDate: createdAt / 1000,
  };
}

/** One page of a list; the token is the place where the next one begins. */
export function page(items: unknown[], member: string, input: Json, most: number): Json {
  const from = Number(input["nextToken"] ?? 0);
  const size = Math.min(Number(input["maxResults"] ?? 0) || most, 1000);
  const to = from + size;
  return { [member]: items.slice(from, to), ...(to < items.length ? { nextToken: String(to) } : {}) };
}
