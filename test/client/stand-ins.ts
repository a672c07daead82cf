import type { PredictRequest, Reply, Surroundings, Transport } from "../../packages/client/src/index.ts";

/** A clock that stands still until everything waits for it, and then jumps to the next timer. */
export class VirtualTime implements Surroundings {
  #now = 0;
  #ids = 0;
  #timers: { at: number; fire: () => void }[] = [];
  readonly #chance: () => number;

  constructor(chance: () => number = () => 0.5) {
    this.#chance = chance;
  }

  now = (): number => this.#now;
  random = (): number => this.#chance();
  newId = (): string => `id-${(this.#ids += 1)}`;
  after = (milliseconds: number, fire: () => void): (() => void) => {
    const timer = { at: this.#now + milliseconds, fire };
    this.#timers.push(timer);
    return () => void (this.#timers = this.#timers.filter((other) => other !== timer));
  };

  /** Timers that nobody has cancelled. */
  get pending(): number {
    return this.#timers.length;
  }

  pause = (milliseconds: number): Promise<void> =>
    new Promise((resolve) => void this.after(milliseconds, resolve));

  /** Lets time pass until `work` is done, or fails the test when nothing is left that could bring it on. */
  async finish<Result>(work: Promise<Result>): Promise<Result> {
    let isDone = false;
    void Promise.allSettled([work]).then(() => (isDone = true));
    for (;;) {
      // Everything that is ready goes on before a timer is due.
      await new Promise((resolve) => setImmediate(resolve));
      if (isDone) return await work;
      const [next] = this.#timers.toSorted((a, b) => a.at - b.at);
      if (next === undefined) throw new Error("the work waits for something that will never come");
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#now = Math.max(this.#now, next.at);
      next.fire();
    }
  }
}

export interface Sent {
  at: number;
  inferenceId: string;
  targetVariant: string | undefined;
  records: unknown[];
  signal: AbortSignal;
}

/** Replies as a test says, and keeps what it was asked and when. */
export class StandInTransport implements Transport {
  readonly sent: Sent[] = [];
  maxBodyBytes = 1_000_000;
  /** The reply to a request; `nth` counts from 0. */
  reply: (sent: Sent, nth: number) => Reply | Promise<Reply> = (sent) => matchReply(sent.records.length);
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  address(workload: string): string {
    return `stand-in ${workload}`;
  }

  async send({ body, inferenceId, targetVariant, signal }: PredictRequest): Promise<Reply> {
    const { records } = JSON.parse(body) as { records: unknown[] };
    const sent = { at: this.#now(), inferenceId, targetVariant, records, signal };
    this.sent.push(sent);
    return this.reply(sent, this.sent.length - 1);
  }
}

export const MODEL = { workload: "match-outcome", version: 3, artifact: "0123456789ab" };
const TASK = { kind: "multiclass", classes: ["loss", "draw", "win"] };

/** A prediction that tells which record it is for. */
export function matchPrediction(win: number) {
  return { class: "win", probabilities: { loss: 0, draw: 0, win } };
}

/** What the API answers so many records with. */
export function matchReply(records: number, win = 1): Reply {
  const predictions = Array.from({ length: records }, () => matchPrediction(win));
  return { status: 200, body: { predictions, task: TASK, model: MODEL } };
}

export const MATCH = { team: "Betis", opponent: "Sevilla", venue: "home", date: "2026-11-28" } as const;
