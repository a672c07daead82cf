import type { EntityState } from "@perennial/contracts";
import type { StateReader } from "./online-table.ts";
import { nameOf, type StateKey, type StateLookup } from "./state-lookup.ts";

interface Remembered {
  /** Undefined where the table has none: that is an answer, too. */
  readonly state: EntityState | undefined;
  readonly until: number;
}

/**
 * Remembers what was read for a short while: records that come together name the same entities over and over. It forgets
 * the longest unused state first, and every state after `ttlMs`, so that a new one is seen soon.
 */
export class RecentStates implements StateReader {
  readonly #reader: StateReader;
  readonly #size: number;
  readonly #ttlMs: number;
  readonly #nowMs: () => number;
  // A Map keeps the order in which its entries were set: the first is the longest unused.
  readonly #remembered = new Map<string, Remembered>();

  constructor(
    reader: StateReader,
    { size, ttlMs, nowMs }: { size: number; ttlMs: number; nowMs: () => number },
  ) {
    this.#reader = reader;
    this.#size = size;
    this.#ttlMs = ttlMs;
    this.#nowMs = nowMs;
  }

  async read(wanted: readonly StateKey[]): Promise<StateLookup> {
    const now = this.#nowMs();
    const states = new Map<string, EntityState | undefined>();
    const unknown = wanted.filter((key) => {
      const name = nameOf(key);
      const entry = this.#remembered.get(name);
      if (entry === undefined || entry.until <= now) return true;
      this.#remembered.delete(name);
      this.#remembered.set(name, entry);
      states.set(name, entry.state);
      return false;
    });
    if (unknown.length > 0) {
      const read = await this.#reader.read(unknown);
      for (const key of unknown) {
        const state = read(key);
        states.set(nameOf(key), state);
        this.#remember(nameOf(key), { state, until: now + this.#ttlMs });
      }
    }
    return (key) => states.get(nameOf(key));
  }

  #remember(name: string, entry: Remembered): void {
    this.#remembered.delete(name);
    this.#remembered.set(name, entry);
    const [oldest] = this.#remembered.keys();
    if (this.#remembered.size > this.#size && oldest !== undefined) this.#remembered.delete(oldest);
  }
}
