import type { Interval } from "../interval.ts";

/** The largest bet; beyond it one surprising value would cost the interval more than many ordinary ones gain it. */
const MOST = 0.5;

const betAt = (time: number, variance: number, log: number): number =>
  Math.min(MOST, Math.sqrt((2 * log) / (variance * time * Math.log1p(time))));

/** A sequence as it can be kept: all that it knows, in constant size. */
export interface MeanSequenceState {
  readonly count: number;
  readonly sum: number;
  readonly squares: number;
  readonly bets: number;
  readonly weighted: number;
  readonly cost: number;
  readonly lower: number;
  readonly upper: number;
}

/** What a bet costs for a value at distance 1 from the mean. */
const costOf = (bet: number): number => -Math.log1p(-bet) - bet;

/**
 * A confidence sequence for the mean of values in [0, 1]: its interval holds the mean *at all times at once* with the stated
 * confidence, however often somebody looks and whenever they stop. Nothing is assumed of the values but their bounds and that
 * each one's expectation, given those before it, is the mean.
 *
 * The predictable plug-in empirical Bernstein sequence, Theorem 2 of Waudby-Smith and Ramdas (2024), "Estimating means of
 * bounded random variables by betting", Journal of the Royal Statistical Society B 86(1); its intervals are intersected, which
 * costs nothing. Each value takes constant time and memory.
 */
export class MeanSequence {
  readonly confidence: number;
  /** Logarithm of 2 / (1 − confidence): what both ends together may be wrong. */
  readonly #log: number;
  #count = 0;
  #sum = 0;
  /** Sum of squared distances, each from the mean that was estimated with its own value. */
  #squares = 0;
  #bets = 0;
  #weighted = 0;
  #cost = 0;
  #lower = 0;
  #upper = 1;

  /**
   * @param state of a sequence of the same confidence, to go on with.
   * @throws RangeError unless the confidence lies between 0 and 1.
   */
  constructor(confidence: number, state?: MeanSequenceState) {
    if (!(confidence > 0 && confidence < 1)) {
      throw new RangeError(`MeanSequence: confidence is ${confidence}, expected a number between 0 and 1.`);
    }
    this.confidence = confidence;
    this.#log = Math.log(2 / (1 - confidence));
    if (state === undefined) return;
    this.#count = state.count;
    this.#sum = state.sum;
    this.#squares = state.squares;
    this.#bets = state.bets;
    this.#weighted = state.weighted;
    this.#cost = state.cost;
    this.#lower = state.lower;
    this.#upper = state.upper;
  }

  /** To be kept, and gone on with later. */
  get state(): MeanSequenceState {
    return {
      count: this.#count,
      sum: this.#sum,
      squares: this.#squares,
      bets: this.#bets,
      weighted: this.#weighted,
      cost: this.#cost,
      lower: this.#lower,
      upper: this.#upper,
    };
  }

  get count(): number {
    return this.#count;
  }

  /** Mean of the values so far; NaN before the first. */
  get mean(): number {
    return this.#sum / this.#count;
  }

  /** Variance of the values so far, drawn a little towards that of a fair coin. */
  get variance(): number {
    return (0.25 + this.#squares) / (this.#count + 1);
  }

  /** @throws RangeError for a value outside [0, 1]: the promise would no longer hold. */
  add(value: number): void {
    if (!(value >= 0 && value <= 1)) {
      throw new RangeError(`MeanSequence: given ${value}, expected a value from 0 to 1.`);
    }
    const time = this.#count + 1;
    // All of it from the values before: a bet that knew this one would break the promise.
    const before = (0.5 + this.#sum) / time;
    const bet = betAt(time, this.variance, this.#log);
    this.#bets += bet;
    this.#weighted += bet * value;
    this.#cost += (value - before) ** 2 * costOf(bet);

    this.#count = time;
    this.#sum += value;
    this.#squares += (value - (0.5 + this.#sum) / (time + 1)) ** 2;

    const centre = this.#weighted / this.#bets;
    const half = (this.#log + this.#cost) / this.#bets;
    this.#lower = Math.max(this.#lower, centre - half);
    this.#upper = Math.min(this.#upper, centre + half);
  }

  /** The interval as it stands. It only ever narrows. */
  interval(): Interval {
    return { lower: this.#lower, upper: this.#upper, confidence: this.confidence };
  }
}

/** Half the width that a sequence is to be expected to have as it grows, for values of one variance. */
export class ExpectedWidth {
  readonly #variance: number;
  readonly #log: number;
  #count = 0;
  #bets = 0;
  #cost = 0;

  constructor(variance: number, confidence: number) {
    this.#variance = variance;
    this.#log = Math.log(2 / (1 - confidence));
  }

  /** Goes on to `count` values, at least as many as were asked for before. */
  halfAt(count: number): number {
    for (; this.#count < count;) {
      this.#count += 1;
      const bet = betAt(this.#count, this.#variance, this.#log);
      this.#bets += bet;
      this.#cost += this.#variance * costOf(bet);
    }
    return this.#bets === 0 ? 0.5 : Math.min(0.5, (this.#log + this.#cost) / this.#bets);
  }
}
