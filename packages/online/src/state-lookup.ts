import type { EntityState } from "@perennial/contracts";

/** Which entity's state is meant. */
export interface StateKey {
  readonly entity: string;
  readonly key: string;
}

/** States that were read; undefined for an entity that has none. */
export type StateLookup = (wanted: StateKey) => EntityState | undefined;

/** One text for each pair: neither part may be mistaken for a bit of the other. */
export const nameOf = ({ entity, key }: StateKey): string => JSON.stringify([entity, key]);
