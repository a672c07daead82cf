import { type Column, columnsUsed, type DerivedColumn, type WorkloadSpec } from "@perennial/contracts";
import type { JsonSchema } from "./record-schema.ts";

/**
 * What API Gateway holds a request against before anything runs: a JSON Schema of draft 4, all that it knows. It asks for the
 * shape, field by field, and leaves values and unknown names to the model: what the gateway refuses it can't name the field
 * of, and a caller is to hear of all faults at once.
 */
export function requestModel({ source, derived, features, serving, title }: WorkloadSpec): JsonSchema {
  const used = new Set(features.flatMap(columnsUsed));
  const columns = Object.entries<Column | DerivedColumn>({ ...source.columns, ...derived });
  return {
    $schema: "http://json-schema.org/draft-04/schema#",
    title,
    type: "object",
    properties: {
      ...Object.fromEntries(
        columns
          .filter(([name]) => used.has(name))
          .map(([name, { type }]) => [name, { type: JSON_TYPES[type] }]),
      ),
      records: { type: "array", minItems: 1, maxItems: serving.maxRecords, items: { type: "object" } },
    },
  };
}

const JSON_TYPES = {
  category: ["string", "number", "boolean", "null"],
  code: ["string", "number", "boolean", "null"],
  integer: ["number", "string", "null"],
  number: ["number", "string", "null"],
  date: ["string", "null"],
};
