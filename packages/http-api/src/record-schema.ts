import { type Column, columnsUsed, type DerivedColumn, type WorkloadSpec } from "@perennial/contracts";

/** A JSON Schema. Only keywords that draft 4 and 2020-12 share and mean alike, so that one serves everybody. */
export type JsonSchema = { [keyword: string]: unknown };

const DECIMAL = "[+-]?(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][+-]?\\d+)?";
const DAY = "\\d{4}-\\d{2}-\\d{2}";
/** As the endpoint reads texts: no longer ones. */
const LONGEST_TEXT = 256;

/**
 * What a record of the workload may hold. Everything that the endpoint answers fits it, but for white space around a level,
 * which it forgives. What fits may still be refused
 * where no schema can say why: a number written as text that is out of its range, a row outside the model's question, an
 * entity that nothing is known of.
 */
export function recordSchema(spec: WorkloadSpec): JsonSchema {
  const { source, derived, features, task } = spec;
  const used = new Set(features.flatMap(columnsUsed));
  const missing = [...new Set(["", ...source.missingMarkers.map((marker) => marker.trim())])];
  const columns = Object.entries<Column | DerivedColumn>({ ...source.columns, ...derived });
  const required = columns.filter(([name, column]) => used.has(name) && isRequired(column));
  return {
    type: "object",
    title: `${spec.title}: record`,
    description: `What is known when ${task.kind === "regression" ? "a quantity" : "an outcome"} is asked for. ${spec.description}`,
    properties: {
      ...Object.fromEntries(
        columns.map(([name, column]) => [
          name,
          {
            // What no feature reads may be anything: a record that leaves nothing out is answered nevertheless.
            ...(used.has(name) ? columnSchema(column, isRequired(column) ? null : missing) : {}),
            description: describe(spec, name, column, used.has(name)),
          },
        ]),
      ),
      ...Object.fromEntries(
        Object.entries(source.unused).map(([name, reason]) => [
          name,
          { description: `The model doesn't read it: ${reason}.` },
        ]),
      ),
    },
    ...(required.length === 0 ? {} : { required: required.map(([name]) => name) }),
    additionalProperties: false,
  };
}

/** A request as the endpoint reads it: one record, or many under `records`. */
export function requestSchema(spec: WorkloadSpec, record: JsonSchema): JsonSchema {
  return {
    title: `${spec.title}: request`,
    anyOf: [
      record,
      {
        type: "object",
        title: "Many records",
        properties: {
          records: { type: "array", minItems: 1, maxItems: spec.serving.maxRecords, items: record },
        },
        required: ["records"],
        additionalProperties: false,
      },
    ],
  };
}

const isRequired = (column: Column | DerivedColumn): boolean => "required" in column && column.required;

/** @param missing texts that mean that there is no value; null where there has to be one. */
function columnSchema(column: Column | DerivedColumn, missing: string[] | null): JsonSchema {
  const nothing = missing === null ? [] : ["null"];
  const written = (pattern: string) =>
    `^\\s*(?:${[pattern, ...(missing ?? []).map(literal)].join("|")})\\s*$`;
  switch (column.type) {
    case "category":
      return column.closed
        ? { enum: [...column.levels.flatMap(spellings), ...(missing === null ? [] : [null, ...missing])] }
        : {
            type: ["string", "number", ...(column.levels.some(isFlag) ? ["boolean"] : []), ...nothing],
            maxLength: LONGEST_TEXT,
          };
    case "code":
      return {
        type: ["string", "number", ...nothing],
        pattern: written(`(?:${column.pattern})`),
        maxLength: LONGEST_TEXT,
      };
    case "date":
      return { type: ["string", ...nothing], pattern: written(DAY), maxLength: LONGEST_TEXT };
    case "integer":
    case "number":
      return {
        type: [column.type, "string", ...nothing],
        minimum: column.min,
        maximum: column.max,
        pattern: written(DECIMAL),
        maxLength: LONGEST_TEXT,
      };
  }
}

const isFlag = (level: string): boolean => level === "true" || level === "false";
const literal = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");

/** A level as text, and as the number or truth value whose text it is: codes come as either. */
function spellings(level: string): (string | number | boolean)[] {
  if (isFlag(level)) return [level, level === "true"];
  return level !== "" && String(Number(level)) === level ? [level, Number(level)] : [level];
}

/** How a state that fills what a record leaves out is found by this column; nothing where none is. */
function finds({ source, entities }: WorkloadSpec, name: string): string {
  const found = Object.entries(entities).flatMap(([entity, { lookups }]) => [
    ...(lookups.some(({ by }) => by === name) ? [` What is left out is looked up by it (${entity}).`] : []),
    ...(lookups.length > 0 && source.time === name
      ? [` What is left out is looked up for this time (${entity}).`]
      : []),
  ]);
  return found.join("");
}

function describe(spec: WorkloadSpec, name: string, column: Column | DerivedColumn, isUsed: boolean): string {
  const { source, entities } = spec;
  const found = finds(spec, name);
  if (!isUsed && found === "") return `${column.description}. The model doesn't read it.`;
  const unit = "unit" in column && column.unit !== undefined ? `, in ${column.unit}` : "";
  const range =
    column.type === "date" || column.type === "integer" || column.type === "number"
      ? ` From ${column.min} to ${column.max}${unit}.`
      : "";
  const levels = column.type === "category" && !column.closed ? ` Known: ${listed(column.levels)}.` : "";
  const refused = source.excluded
    .filter((excluded) => excluded.column === name)
    .map((excluded) => ` Refused: ${listed(excluded.levels)}, because ${excluded.reason}.`);
  const entity = Object.entries(entities).find(([, { lookups }]) =>
    lookups.some(({ columns }) => Object.hasOwn(columns, name)),
  );
  const lookedUp =
    entity === undefined ? "" : ` Left out, it is looked up (${entity[0]}); null says that it isn't known.`;
  return `${column.description}.${range}${levels}${refused.join("")}${lookedUp}${found}`.replace("..", ".");
}

/** Levels for a person; of hundreds only the first. */
function listed(levels: readonly string[]): string {
  const shown = levels.slice(0, 40).join(", ");
  return levels.length > 40 ? `${shown} and ${levels.length - 40} more` : shown;
}
