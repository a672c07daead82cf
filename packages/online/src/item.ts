import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import type { EntityState } from "@perennial/contracts";
import type { StateKey } from "./state-lookup.ts";

/** An item of the online table: the latest state of one entity of one workload. */
export type StateItem = Record<"pk" | "sk" | "validFrom" | "columns" | "execution", AttributeValue>;

/**
 * Key of a state's item. The partition begins with the workload, so that a role can be held to its own
 * (`dynamodb:LeadingKeys`).
 */
export function keyOf(workload: string, { entity, key }: StateKey): { pk: { S: string }; sk: { S: string } } {
  return { pk: { S: `${workload}#${entity}` }, sk: { S: key } };
}

/** The item that holds `state`; `execution` is the retraining that it comes from. */
export function itemOf(workload: string, entity: string, state: EntityState, execution: string): StateItem {
  const { key, validFrom, columns } = state;
  return {
    ...keyOf(workload, { entity, key }),
    validFrom: typeof validFrom === "number" ? { N: String(validFrom) } : { S: validFrom },
    columns: {
      M: Object.fromEntries(
        Object.entries(columns).map(([column, value]): [string, AttributeValue] => [
          column,
          value === null ? { NULL: true } : { N: String(value) },
        ]),
      ),
    },
    execution: { S: execution },
  };
}

/**
 * The state that an item holds, and of which entity.
 *
 * @throws {TypeError} for an item that no state was written as.
 */
export function stateIn(item: Readonly<Record<string, AttributeValue>>): {
  entity: string;
  state: EntityState;
} {
  const { pk, sk, validFrom, columns } = item;
  const entity = pk?.S?.split("#")[1];
  const from = validFrom?.S ?? (validFrom?.N === undefined ? undefined : Number(validFrom.N));
  if (entity === undefined || sk?.S === undefined || from === undefined || columns?.M === undefined) {
    throw new TypeError(`item ${pk?.S ?? "?"}, ${sk?.S ?? "?"}: expected pk, sk, validFrom and columns`);
  }
  const values = Object.entries(columns.M).map(([column, { N }]) => [
    column,
    N === undefined ? null : Number(N),
  ]);
  return { entity, state: { key: sk.S, validFrom: from, columns: Object.fromEntries(values) } };
}
