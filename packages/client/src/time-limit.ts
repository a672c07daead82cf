import type { Surroundings } from "./surroundings.ts";

/** Why a `TimeLimit` ended by itself. */
export const OUT_OF_TIME = Symbol("out of time");

/** A signal that is aborted when a time is over (by `OUT_OF_TIME`) or when `outer` is (by its reason), until it is ended. */
export class TimeLimit {
  readonly signal: AbortSignal;
  /** As `Surroundings.now` counts. */
  readonly endsAt: number;
  readonly #controller = new AbortController();
  readonly #cancel: () => void;

  constructor(milliseconds: number, outer: AbortSignal | undefined, surroundings: Surroundings) {
    this.signal = this.#controller.signal;
    this.endsAt = surroundings.now() + milliseconds;
    const cancelTimer = surroundings.after(milliseconds, () => this.#controller.abort(OUT_OF_TIME));
    const passOn = () => this.#controller.abort(outer?.reason);
    if (outer?.aborted === true) passOn();
    outer?.addEventListener("abort", passOn, { once: true });
    this.#cancel = () => {
      cancelTimer();
      outer?.removeEventListener("abort", passOn);
    };
  }

  get isOutOfTime(): boolean {
    return this.signal.reason === OUT_OF_TIME;
  }

  /** Nobody waits any more: whatever still goes on under the signal is told to stop. */
  end(): void {
    this.#cancel();
    this.#controller.abort();
  }
}

/** What `work` brings, unless the signal is aborted before: then its reason is thrown, whatever the work still does. */
export async function untilAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  let forget = () => {};
  const aborted = new Promise<never>((_, reject) => {
    const listener = () => reject(signal.reason);
    if (signal.aborted) listener();
    signal.addEventListener("abort", listener, { once: true });
    forget = () => signal.removeEventListener("abort", listener);
  });
  try {
    return await Promise.race([aborted, work]);
  } finally {
    forget();
  }
}

/** Waits so long, unless the signal is aborted before: then its reason is thrown. */
export async function pause(
  milliseconds: number,
  signal: AbortSignal,
  surroundings: Surroundings,
): Promise<void> {
  let cancel = () => {};
  const over = new Promise<void>((resolve) => {
    cancel = surroundings.after(milliseconds, resolve);
  });
  try {
    await untilAborted(over, signal);
  } finally {
    cancel();
  }
}
