import type { EntityState, LookedUp, Manifest, ManifestLookup } from "@perennial/contracts";
import { epochDay } from "./day.ts";
import { MAX_TEXT_LENGTH, missingMarkersOf, type MissingMarkers } from "./field-reader.ts";
import { shown, type FaultList } from "./record-fault.ts";

const MS_PER_DAY = 86_400_000;

/** Which entity's state is wanted. */
export interface StateKey {
  readonly entity: string;
  readonly key: string;
}

/** The latest state of an entity; undefined where there is none. */
export type StateOf = (wanted: StateKey) => EntityState | undefined;

/** A record with the fields that were looked up for it, and the states that they come from. */
export interface CompletedRecord {
  readonly record: unknown;
  readonly lookedUp: readonly LookedUp[];
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * Completes the fields that records leave out from the states of the entities that they name. A field that a record has is
 * never looked up, whatever its value: null says that it isn't known.
 */
export class Lookups {
  readonly #lookups: readonly ManifestLookup[];
  readonly #missing: MissingMarkers;

  constructor(manifest: Manifest) {
    this.#lookups = manifest.lookups;
    this.#missing = missingMarkersOf(manifest);
  }

  /** Whether any of the records leaves out a field that can be looked up. */
  areNeeded(records: readonly unknown[]): boolean {
    if (this.#lookups.length === 0) return false;
    return records.some(
      (record) => isFields(record) && this.#lookups.some((lookup) => needs(record, lookup)),
    );
  }

  /** The states that the records need, each once; none where they bring all their fields along. */
  wanted(records: readonly unknown[]): readonly StateKey[] {
    const wanted = new Map<string, StateKey>();
    for (const record of records) {
      if (!isFields(record)) continue;
      for (const lookup of this.#lookups) {
        const key = needs(record, lookup) ? this.#textOf(record[lookup.by]) : undefined;
        if (key !== undefined)
          wanted.set(JSON.stringify([lookup.entity, key]), { entity: lookup.entity, key });
      }
    }
    return [...wanted.values()];
  }

  /**
   * The records with what they leave out. A state that doesn't exist, is older than its lookup allows, or is from after
   * the time that the record is about, is a fault of the record and fills nothing.
   *
   * @param nowMs milliseconds since 1970, against which a record without a time of its own is held.
   */
  complete(
    records: readonly unknown[],
    stateOf: StateOf,
    faults: FaultList,
    nowMs: number,
  ): readonly CompletedRecord[] {
    return records.map((record, place) => {
      if (!isFields(record)) return { record, lookedUp: [] };
      const filled: Record<string, number | null> = {};
      const lookedUp: LookedUp[] = [];
      for (const lookup of this.#lookups) {
        if (!needs(record, lookup)) continue;
        const found = this.#find(record, lookup, stateOf, nowMs);
        if ("fault" in found) {
          faults.add(place, found.field, found.fault);
          continue;
        }
        for (const [field, column] of Object.entries(lookup.columns)) {
          if (!Object.hasOwn(record, field)) filled[field] = found.state.columns[column] ?? null;
        }
        const { key, validFrom: asOf } = found.state;
        if (!lookedUp.some((other) => other.entity === lookup.entity && other.key === key)) {
          lookedUp.push({ entity: lookup.entity, key, asOf, age: found.age });
        }
      }
      return { record: { ...record, ...filled }, lookedUp };
    });
  }

  #find(
    record: Fields,
    { entity, by, at, maxAge, columns }: ManifestLookup,
    stateOf: StateOf,
    nowMs: number,
  ): Found {
    const fields = Object.keys(columns).join(", ");
    const key = this.#textOf(record[by]);
    if (key === undefined) {
      const given = record[by] === undefined ? "nothing" : shown(record[by]);
      return { field: by, fault: () => `given ${given}; expected the key of ${entity} to look up ${fields}` };
    }
    const state = stateOf({ entity, key });
    if (state === undefined) {
      const fault = () =>
        `given ${shown(key)}; ${entity} knows no such key, so send ${fields} with the record`;
      return { field: by, fault };
    }
    const { validFrom } = state;
    const [from, until] =
      typeof validFrom === "number"
        ? [validFrom, at === null ? Number.NaN : numberOf(record[at])]
        : [epochDay(validFrom), at === null ? Math.floor(nowMs / MS_PER_DAY) : dayOf(record[at])];
    if (Number.isNaN(until)) {
      const expected = typeof validFrom === "number" ? "a number" : 'a day such as "2026-01-31"';
      const given = at === null || record[at] === undefined ? "nothing" : shown(record[at]);
      const purpose = `the time for which the state of ${entity} is asked`;
      return { field: at ?? by, fault: () => `given ${given}; expected ${expected}, ${purpose}` };
    }
    const age = until - from;
    const unit = typeof validFrom === "number" ? "" : age === 1 ? " day" : " days";
    const asked = at === null ? "now" : shown(record[at]);
    // A row of the same day may be the very event that the state comes from; the training part never sees that either.
    if (at === null ? age < 0 : age <= 0) {
      const fault = () =>
        `given ${shown(key)}; its latest state of ${entity} is as of ${validFrom}, not from before ${asked}, ` +
        `so send ${fields} with the record`;
      return { field: by, fault };
    }
    if (!(age <= maxAge)) {
      const fault = () =>
        `given ${shown(key)}; its latest state of ${entity} is as of ${validFrom}, ${age}${unit} before ${asked}; ` +
        `the limit is ${maxAge}, so send ${fields} with the record`;
      return { field: by, fault };
    }
    return { state, age };
  }

  /** A value as the key of an entity: as the graph's texts are read. */
  #textOf(value: unknown): string | undefined {
    if (typeof value !== "string" && typeof value !== "number") return undefined;
    const text = String(value).trim();
    const isKey = text.length <= MAX_TEXT_LENGTH && text !== "NaN" && !this.#missing.has(text);
    return isKey ? text : undefined;
  }
}

type Found = { state: EntityState; age: number } | { field: string; fault: () => string };

function isFields(record: unknown): record is Fields {
  return typeof record === "object" && record !== null && !Array.isArray(record);
}

function needs(record: Fields, { columns }: ManifestLookup): boolean {
  for (const field in columns) if (!Object.hasOwn(record, field)) return true;
  return false;
}

function numberOf(value: unknown): number {
  if (typeof value === "number") return value;
  return typeof value === "string" && value.trim() !== "" ? Number(value) : Number.NaN;
}

const dayOf = (value: unknown): number => (typeof value === "string" ? epochDay(value.trim()) : Number.NaN);
