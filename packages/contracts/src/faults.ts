import type { z } from "zod";

/** Something wrong with one place of an input: where it is, what was given and what is allowed there. */
export interface Fault {
  /** Dotted path from the root of the input, "" for the root itself. */
  path: string;
  message: string;
}

/** An input was refused. The message lists all of its faults, one a line; `faults` holds them as values. */
export class InvalidInput extends Error {
  readonly faults: readonly Fault[];

  constructor(subject: string, faults: readonly Fault[]) {
    const lines = faults.map(({ path, message }) => `  ${path === "" ? "(root)" : path}: ${message}`);
    super(
      `${subject} is refused, ${faults.length} fault${faults.length === 1 ? "" : "s"}:\n${lines.join("\n")}`,
    );
    this.name = "InvalidInput";
    this.faults = faults;
  }
}

/**
 * Parses `value` by `schema` and reports every fault at once.
 *
 * @param subject names the input in the error, as its owner knows it: `workload spec "churn"`.
 * @throws {InvalidInput} with path, value given and values allowed of each fault.
 */
export function parse<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  subject: string,
): z.output<Schema> {
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  throw new InvalidInput(
    subject,
    result.error.issues.flatMap((issue) => faultsOf(issue, value)),
  );
}

function faultsOf(issue: z.core.$ZodIssue, root: unknown): Fault[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      path: dotted([...issue.path, key]),
      message: "unknown key; remove it or correct its spelling",
    }));
  }
  const message = issue.message.replace(/^Invalid input: /, "");
  // Inside a text that holds JSON there is no path to follow from the root.
  const given = valueAt(root, issue.path) ?? issue.input;
  return [{ path: dotted(issue.path), message: `given ${shown(given)}; ${message}` }];
}

function dotted(path: readonly PropertyKey[]): string {
  return path.map(String).join(".");
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined),
    root,
  );
}

const LONGEST_SHOWN = 80;

function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = (JSON.stringify(value) as string | undefined) ?? typeof value;
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;
}
