import { type Column, columnsUsed, type WorkloadSpec } from "@perennial/contracts";

/** Everything under `src/generated/`: file name to text. The same specs give the same bytes. */
export function generatedFiles(specs: readonly WorkloadSpec[]): Record<string, string> {
  const sorted = specs.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return Object.fromEntries([
    ...sorted.map((spec) => [`${spec.name}.ts`, workloadFile(spec)]),
    ["workloads.ts", tableFile(sorted)],
  ]);
}

const HEADER = "// Written by `npm run emit` from the workload's spec. Change the spec, not this file.\n";

function workloadFile(spec: WorkloadSpec): string {
  const lookups = Object.values(spec.entities).flatMap((entity) => entity.lookups);
  const lookedUp = new Set(lookups.flatMap(({ columns }) => Object.keys(columns)));
  const ifLeftOut = (name: string) => `${lookedUp.has(name) ? "Looked up" : "Unknown"} where it is left out.`;
  // States are found by the columns that name the entity and the time.
  const read = new Set([
    ...spec.features.flatMap(columnsUsed),
    ...lookups.flatMap(({ by }) => [by, spec.source.time]),
  ]);
  const fields = [
    ...Object.entries(spec.source.columns).map(([name, column]) =>
      read.has(name)
        ? field(spec, name, column)
        : field(spec, name, { ...column, required: false }, "The model doesn't read it."),
    ),
    ...Object.entries(spec.derived).map(([name, column]) =>
      field(spec, name, { ...column, required: false }, ifLeftOut(name)),
    ),
  ];
  return `${HEADER}
/** ${comment(`${spec.title}: ${spec.description}`)} */
export interface ${typeName(spec.name)}Record {
${fields.join("\n")}
}

export interface ${typeName(spec.name)} {
  record: ${typeName(spec.name)}Record;
  task: ${taskType(spec.task)};
}
`;
}

function tableFile(specs: readonly WorkloadSpec[]): string {
  const imports = specs.map(({ name }) => `import type { ${typeName(name)} } from "./${name}.ts";`);
  const types = specs.map(({ name }) => `  ${JSON.stringify(name)}: ${typeName(name)};`);
  const limits = specs.map(({ name, task, serving: { maxRecords, maxBodyKiB } }) => {
    return `  ${JSON.stringify(name)}: { kind: ${JSON.stringify(task.kind)}, maxRecords: ${maxRecords}, maxBodyKiB: ${maxBodyKiB} },`;
  });
  return `${HEADER}${imports.join("\n")}

/** What each workload reads and answers. */
export interface Workloads {
${types.join("\n")}
}

/** What the client has to know of a workload when it runs: its task, and the most that one request may be. */
export const LIMITS = {
${limits.join("\n")}
} as const;
`;
}

/** `churn-by-month` as the name of a type: `ChurnByMonth`. */
function typeName(workload: string): string {
  return workload
    .split("-")
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join("");
}

function taskType(task: WorkloadSpec["task"]): string {
  if (task.kind === "binary") return `{ kind: "binary" }`;
  if (task.kind === "regression") return `{ kind: "regression"; unit: ${JSON.stringify(task.unit)} }`;
  return `{ kind: "multiclass"; classes: [${task.classes.map(({ name }) => JSON.stringify(name)).join(", ")}] }`;
}

function field(spec: WorkloadSpec, name: string, column: Column, more = ""): string {
  const isIdentifier = /^[A-Za-z_$][\w$]*$/.test(name);
  const key = isIdentifier ? name : JSON.stringify(name);
  const refused = spec.source.excluded
    .filter((excluded) => excluded.column === name)
    .map(({ levels, reason }) => `Not answered for ${levels.join(", ")}: ${reason}.`);
  const text = [sentence(column.description), limitsOf(column), ...refused, more]
    .filter((part) => part !== "")
    .join(" ");
  const type = valueType(column);
  const member = column.required ? `${key}: ${type};` : `${key}?: ${type} | null | undefined;`;
  return `  /** ${comment(text)} */\n  ${member}`;
}

function limitsOf(column: Column): string {
  if (column.type === "code") return `A text that matches ${column.pattern}`;
  if (column.type === "category") return column.closed ? "" : "Other texts count as unseen.";
  if (column.type === "date") return `A day such as 2026-01-31, from ${column.min} to ${column.max}.`;
  const kind = column.type === "integer" ? "A whole number" : "A number";
  const unit = column.unit === undefined ? "" : ` (${column.unit})`;
  return `${kind} from ${column.min} to ${column.max}${unit}.`;
}

function valueType(column: Column): string {
  if (column.type === "integer" || column.type === "number") return "number";
  if (column.type !== "category") return "string";
  const levels = column.levels.map((level) => JSON.stringify(level));
  // The endpoint reads a number as its text, so that levels which are numbers may come as such.
  const numbers = column.levels.filter((level) => String(Number(level)) === level);
  if (column.closed) return [...levels, ...numbers].join(" | ");
  // `string & {}` is any text, and leaves the levels standing as suggestions.
  return [...levels, ...(numbers.length > 0 ? ["number"] : []), "(string & {})"].join(" | ");
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** A spec's text inside a comment: it can't end it. */
function comment(text: string): string {
  return text.replaceAll("*/", "*\\/").replaceAll(/\s+/g, " ").trim();
}
