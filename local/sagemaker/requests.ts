import { z } from "zod";
import { ApiError } from "../gateway/interfaces.ts";

/** @throws {ApiError} ValidationException that names every fault of the input. */
export function readInput<Schema extends z.ZodType>(
  schema: Schema,
  input: Record<string, unknown>,
): z.output<Schema> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const faults = result.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  throw invalid(`${faults.length} validation error detected: ${faults.join("; ")}`);
}

export function invalid(message: string): ApiError {
  return new ApiError("ValidationException", message);
}

/** The error for a name that is taken. */
export function inUse(what: string): ApiError {
  return new ApiError("ResourceInUse", `${what} already exists; names can be used only once.`);
}

/** Names of jobs, models, endpoints and configurations. */
export const ResourceName = z
  .string()
  .regex(/^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$/, "expected 1 to 63 letters, digits and inner hyphens");

export const Tags = z.array(z.object({ Key: z.string().max(128), Value: z.string().max(256) })).max(50);

const Page = z.object({
  MaxResults: z.int().min(1).max(100).default(10),
  NextToken: z.string().optional(),
  SortOrder: z.enum(["Ascending", "Descending"]).optional(),
  NameContains: z.string().optional(),
  StatusEquals: z.string().optional(),
});

/** What List… operations sort and filter by. */
export interface Listed {
  name: string;
  status?: string;
  /** Seconds since 1970. */
  createdAt: number;
}

/**
 * One page of a list.
 *
 * @param order the operation's own default.
 */
export function page<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => Listed,
  input: Record<string, unknown>,
  order: "Ascending" | "Descending",
): { items: Item[]; NextToken?: string } {
  const { MaxResults, NextToken, SortOrder = order, NameContains, StatusEquals } = readInput(Page, input);
  const sign = SortOrder === "Ascending" ? 1 : -1;
  const wanted = items
    .map((item) => ({ item, ...keyOf(item) }))
    .filter(({ name }) => NameContains === undefined || name.includes(NameContains))
    .filter(({ status }) => StatusEquals === undefined || status === StatusEquals)
    // What was made within one second keeps its order.
    .map((entry, index) => ({ ...entry, index }))
    .sort((a, b) => sign * (a.createdAt - b.createdAt || a.index - b.index))
    .map(({ item }) => item);
  const start = NextToken === undefined ? 0 : Number(NextToken);
  const end = start + MaxResults;
  const rest = end < wanted.length ? { NextToken: String(end) } : {};
  return { items: wanted.slice(start, end), ...rest };
}
