import { BatchGetItemCommand, type DynamoDBClient, type KeysAndAttributes } from "@aws-sdk/client-dynamodb";
import type { EntityState } from "@perennial/contracts";
import { keyOf, stateIn } from "./item.ts";
import { nameOf, type StateKey, type StateLookup } from "./state-lookup.ts";

/** Reads the latest states of entities. */
export interface StateReader {
  /** @throws {OnlineTableFault} if not all of them could be asked for: then nothing is known of any. */
  read(wanted: readonly StateKey[]): Promise<StateLookup>;
}

/** The states could not be read. The service's own error is the cause. */
export class OnlineTableFault extends Error {
  constructor(table: string, reason: string, options?: ErrorOptions) {
    super(`the online table ${table} can't be read: ${reason}`, options);
    this.name = "OnlineTableFault";
  }
}

export interface OnlineTableOptions {
  /**
   * Longest that one reading may take, with all its attempts, in milliseconds.
   *
   * @default 2000
   */
  deadlineMs?: number;
  /** A monotonous clock in milliseconds: `() => performance.now()`. */
  nowMs: () => number;
  sleep?: (ms: number) => Promise<void>;
}

/** Most keys that DynamoDB takes in one BatchGetItem. */
const BATCH = 100;
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 320;

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** The table of a stack that holds the latest states, as one workload sees it. */
export class OnlineTable implements StateReader {
  readonly #client: Pick<DynamoDBClient, "send">;
  readonly #table: string;
  readonly #workload: string;
  readonly #options: Required<OnlineTableOptions>;

  constructor(
    client: Pick<DynamoDBClient, "send">,
    table: string,
    workload: string,
    { deadlineMs = 2_000, nowMs, sleep = pause }: OnlineTableOptions,
  ) {
    this.#client = client;
    this.#table = table;
    this.#workload = workload;
    this.#options = { deadlineMs, nowMs, sleep };
  }

  async read(wanted: readonly StateKey[]): Promise<StateLookup> {
    const until = this.#options.nowMs() + this.#options.deadlineMs;
    const states = new Map<string, EntityState>();
    const batches: StateKey[][] = [];
    for (let start = 0; start < wanted.length; start += BATCH)
      batches.push(wanted.slice(start, start + BATCH));
    await Promise.all(batches.map((batch) => this.#readBatch(batch, until, states)));
    return (key) => states.get(nameOf(key));
  }

  async #readBatch(
    batch: readonly StateKey[],
    until: number,
    states: Map<string, EntityState>,
  ): Promise<void> {
    const { nowMs, sleep } = this.#options;
    let keys: KeysAndAttributes["Keys"] = batch.map((key) => keyOf(this.#workload, key));
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      const left = until - nowMs();
      if (left <= 0) throw this.#late(keys?.length ?? 0);
      const answer = await this.#ask(keys, left);
      for (const item of answer.Responses?.[this.#table] ?? []) {
        const { entity, state } = stateIn(item);
        states.set(nameOf({ entity, key: state.key }), state);
      }
      // DynamoDB leaves out what it has no capacity for, and says so.
      keys = answer.UnprocessedKeys?.[this.#table]?.Keys;
      if (keys === undefined || keys.length === 0) return;
      if (nowMs() + pauseMs >= until) throw this.#late(keys.length);
      await sleep(pauseMs);
    }
  }

  async #ask(Keys: KeysAndAttributes["Keys"], leftMs: number) {
    try {
      return await this.#client.send(new BatchGetItemCommand({ RequestItems: { [this.#table]: { Keys } } }), {
        abortSignal: AbortSignal.timeout(Math.ceil(leftMs)),
      });
    } catch (error) {
      const isLate = error instanceof Error && (error.name === "AbortError" || error.name === "TimeoutError");
      if (isLate) throw this.#late(Keys?.length ?? 0, error);
      const reason = error instanceof Error ? error.name : String(error);
      throw new OnlineTableFault(this.#table, reason, { cause: error });
    }
  }

  #late(keys: number, cause?: unknown): OnlineTableFault {
    const { deadlineMs } = this.#options;
    return new OnlineTableFault(
      this.#table,
      `${keys} of its keys weren't answered within ${deadlineMs} ms`,
      cause === undefined ? {} : { cause },
    );
  }
}
