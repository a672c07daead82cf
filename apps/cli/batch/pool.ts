import { Worker } from "node:worker_threads";
import type { StateReader } from "@perennial/online";
import { CliFault, EXIT } from "../exit.ts";
import type { ScoredBlock } from "./block-scorer.ts";
import type { FromWorker, ToWorker, WorkerStart } from "./worker-messages.ts";

/** Blocks that wait for each worker: one that it scores and one that it goes on with. */
const BLOCKS_PER_WORKER = 2;

/** A block as it is sent to be scored. */
export interface Block {
  bytes: Uint8Array<ArrayBuffer>;
  /** Whether the file begins with it. */
  isFirst: boolean;
}

interface Thread {
  worker: Worker;
  waiting: Map<number, PromiseWithResolvers<ScoredBlock>>;
  /** Resolves when it is gone. */
  ended: Promise<unknown>;
}

/** Worker threads that score blocks; results come in the order of the blocks. */
export class ScoringPool {
  readonly #threads: Thread[];
  readonly #states: StateReader | null;
  #next = 0;

  /** @param states where workers' lookups are read; null where nothing can be looked up. */
  constructor(count: number, start: WorkerStart, states: StateReader | null) {
    this.#states = states;
    this.#threads = Array.from({ length: count }, () => this.#open(start));
  }

  /**
   * Scores blocks, a few at a time: no more are asked for than the workers can hold, so that memory stays flat.
   *
   * @throws {CliFault} where a block can't be scored at all.
   */
  async *score<Sent extends Block>(
    blocks: AsyncIterable<Sent>,
  ): AsyncGenerator<{ sent: Omit<Sent, "bytes">; scored: ScoredBlock }> {
    const queue: { sent: Omit<Sent, "bytes">; scored: Promise<ScoredBlock> }[] = [];
    const most = this.#threads.length * BLOCKS_PER_WORKER;
    for await (const { bytes, ...sent } of blocks) {
      const scored = this.#send(bytes, sent.isFirst);
      // It is awaited in its turn; until then its failure is nobody's.
      scored.catch(() => undefined);
      queue.push({ sent, scored });
      const first = queue.length >= most ? queue.shift() : undefined;
      if (first !== undefined) yield { sent: first.sent, scored: await first.scored };
    }
    for (const { sent, scored } of queue) yield { sent, scored: await scored };
  }

  async close(): Promise<void> {
    // Asked to end, not terminated: the ONNX runtime aborts the whole process when its thread goes while it works.
    for (const { worker } of this.#threads) worker.postMessage({ kind: "end" } satisfies ToWorker, []);
    await Promise.all(this.#threads.map(({ ended }) => ended));
  }

  #send(bytes: Uint8Array<ArrayBuffer>, isFirst: boolean): Promise<ScoredBlock> {
    const [thread] = this.#threads.toSorted((one, other) => one.waiting.size - other.waiting.size);
    if (thread === undefined) throw new Error("ScoringPool: expected at least one thread");
    this.#next += 1;
    const answer = Promise.withResolvers<ScoredBlock>();
    thread.waiting.set(this.#next, answer);
    const message: ToWorker = { kind: "block", id: this.#next, bytes, isFirst };
    thread.worker.postMessage(message, [bytes.buffer]);
    return answer.promise;
  }

  #open(workerData: WorkerStart): Thread {
    const worker = new Worker(new URL("worker.ts", import.meta.url), { workerData });
    const ended = new Promise((resolve) => worker.once("exit", resolve));
    const thread: Thread = { worker, waiting: new Map(), ended };
    const fail = (reason: string): void => {
      for (const { reject } of thread.waiting.values()) reject(fault(reason));
    };
    worker.on("message", (message: FromWorker) => void this.#hear(thread, message));
    worker.on("error", (error) => fail(error instanceof Error ? error.message : String(error)));
    worker.on("exit", (code) => fail(`a scoring thread ended with ${code}`));
    return thread;
  }

  async #hear({ worker, waiting }: Thread, message: FromWorker): Promise<void> {
    const { id } = message;
    if (message.kind === "wanted") {
      worker.postMessage(await this.#answer(id, message.wanted), []);
      return;
    }
    const answer = waiting.get(id);
    waiting.delete(id);
    if (message.kind === "scored") answer?.resolve(message.block);
    else answer?.reject(fault(message.reason));
  }

  async #answer(id: number, wanted: Parameters<StateReader["read"]>[0]): Promise<ToWorker> {
    if (this.#states === null) return { kind: "no states", id, reason: "the stack has no online table" };
    try {
      const stateOf = await this.#states.read(wanted);
      return { kind: "states", id, states: wanted.map(stateOf) };
    } catch (error) {
      return { kind: "no states", id, reason: error instanceof Error ? error.message : String(error) };
    }
  }
}

const fault = (reason: string): CliFault =>
  new CliFault(
    EXIT.failed,
    `The scoring stopped: ${reason}. Run the same command again to go on from where it was.`,
  );
