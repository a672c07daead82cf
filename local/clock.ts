import type { Clock } from "./gateway/interfaces.ts";

/** A clock that knows of work which its time must not run ahead of. */
export interface CloudClock extends Clock {
  /**
   * How long a wait of `ms` in a workflow takes here. The real clock shortens it, because what is waited for (an endpoint,
   * a bake time) takes seconds on one machine and minutes in a region; a virtual one keeps it.
   */
  patience(ms: number): number;
  /** The time as functions see it, each in a thread of its own. */
  share(): SharedTime;
  /** Follows work that takes real time: a virtual clock stands still until it has settled. */
  during<Result>(work: Promise<Result>): Promise<Result>;
}

const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * The machine's time, which a test may move forward. Waits of workflows run `waitSpeed` times faster, but never shorter
 * than a quarter of a second.
 */
export class RealClock implements CloudClock {
  private readonly waitSpeed: number;
  private readonly listeners: (() => void)[] = [];
  private skipping = new AbortController();
  private ahead = 0;

  constructor(waitSpeed = 30) {
    this.waitSpeed = waitSpeed;
  }

  now(): number {
    return Date.now() + this.ahead;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    const until = this.now() + ms;
    for (;;) {
      const left = until - this.now();
      if (left <= 0) return;
      const { signal: skipped } = this.skipping;
      const woken = signal === undefined ? skipped : AbortSignal.any([signal, skipped]);
      try {
        await timer(Math.min(left, LONGEST_TIMER), woken);
      } catch (error) {
        // A skip only means to look at the time again.
        if (!skipped.aborted || signal?.aborted === true) throw error;
      }
    }
  }

  patience(ms: number): number {
    return Math.min(ms, Math.max(250, ms / this.waitSpeed));
  }

  during<Result>(work: Promise<Result>): Promise<Result> {
    return work;
  }

  /** Moves the time forward by `ms`; sleepers whose moment has passed wake. */
  skip(ms: number): void {
    this.ahead += ms;
    for (const listener of this.listeners) listener();
    const { skipping } = this;
    this.skipping = new AbortController();
    skipping.abort();
  }

  share(): SharedTime {
    const shared = new SharedTime(1, () => this.ahead);
    this.listeners.push(() => shared.update());
    return shared;
  }
}

/** A clock's time, readable from other threads: so many times the machine's own, and so many milliseconds more. */
export class SharedTime {
  readonly buffer = new SharedArrayBuffer(16);
  private readonly offset: () => number;

  constructor(scale: 0 | 1, offset: () => number) {
    this.offset = offset;
    new Float64Array(this.buffer)[0] = scale;
    this.update();
  }

  update(): void {
    new Float64Array(this.buffer)[1] = this.offset();
  }
}

interface Sleeper {
  at: number;
  /** Sleepers of the same moment wake in the order they lay down. */
  order: number;
  wake: () => void;
}

/** Time that moves only when a test says so: weeks of schedules, waits and cool-downs in seconds. */
export class VirtualClock implements CloudClock {
  private time: number;
  private order = 0;
  private sleepers: Sleeper[] = [];
  private readonly working = new Set<Promise<unknown>>();
  private readonly listeners: (() => void)[] = [];

  constructor(start: number | string = "2026-01-01T00:00:00Z") {
    this.time = typeof start === "number" ? start : Date.parse(start);
  }

  now(): number {
    return this.time;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.reject(reasonOf(signal));
    if (ms <= 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        this.sleepers = this.sleepers.filter((other) => other !== sleeper);
        reject(reasonOf(signal));
      };
      const wake = (): void => {
        signal?.removeEventListener("abort", abort);
        resolve();
      };
      const sleeper: Sleeper = { at: this.time + ms, order: this.order++, wake };
      this.sleepers.push(sleeper);
      signal?.addEventListener("abort", abort, { once: true });
    });
  }

  patience(ms: number): number {
    return ms;
  }

  during<Result>(work: Promise<Result>): Promise<Result> {
    const settled = work.then(nothing, nothing);
    this.working.add(settled);
    void settled.then(() => this.working.delete(settled));
    return work;
  }

  share(): SharedTime {
    const shared = new SharedTime(0, () => this.time);
    this.listeners.push(() => shared.update());
    return shared;
  }

  /** Moves the time forward by `ms`, waking every sleeper at its moment and letting the work it starts come to rest. */
  async advance(ms: number): Promise<void> {
    const target = this.time + ms;
    await this.settle();
    for (;;) {
      const next = this.nextSleeper();
      if (next === undefined || next.at > target) break;
      this.sleepers = this.sleepers.filter((other) => other !== next);
      this.moveTo(next.at);
      next.wake();
      await this.settle();
    }
    this.moveTo(target);
    await this.settle();
  }

  /** Waits until no followed work is left and whatever it led to has been started. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < 3; quiet++) {
      if (this.working.size > 0) {
        quiet = -1;
        await Promise.all(this.working);
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  private nextSleeper(): Sleeper | undefined {
    let first: Sleeper | undefined;
    for (const sleeper of this.sleepers) {
      if (
        first === undefined ||
        sleeper.at < first.at ||
        (sleeper.at === first.at && sleeper.order < first.order)
      ) {
        first = sleeper;
      }
    }
    return first;
  }

  private moveTo(time: number): void {
    this.time = time;
    for (const listener of this.listeners) listener();
  }
}

function timer(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted === true) return Promise.reject(reasonOf(signal));
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      clearTimeout(handle);
      reject(reasonOf(signal));
    };
    const handle = setTimeout(() => {
      signal?.removeEventListener("abort", abort);
      resolve();
    }, ms);
    signal?.addEventListener("abort", abort, { once: true });
  });
}

function reasonOf(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason;
  return reason instanceof Error ? reason : new Error("aborted", { cause: reason });
}

const nothing = (): void => undefined;
