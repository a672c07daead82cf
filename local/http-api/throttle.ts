import type { Throttle } from "./rest-api.ts";

/** A token bucket, as API Gateway keeps one for a stage and one for each key. */
export class Bucket {
  private readonly limit: Throttle;
  private readonly now: () => number;
  private tokens: number;
  private filledAt: number;

  /** @param now milliseconds. */
  constructor(limit: Throttle, now: () => number) {
    this.limit = limit;
    this.now = now;
    this.tokens = limit.burst;
    this.filledAt = now();
  }

  /** Whether one more request may pass now. */
  take(): boolean {
    const { perSecond, burst } = this.limit;
    const now = this.now();
    this.tokens = Math.min(burst, this.tokens + ((now - this.filledAt) / 1000) * perSecond);
    this.filledAt = now;
    if (this.tokens < 1) return false;
    this.tokens -= 1;
    return true;
  }
}
