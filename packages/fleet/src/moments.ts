/** Spread below which values count as equal, as a share of their size: sums of float32 differ by that much. */
const EQUAL = 1e-5;

/** What sums tell of values that nobody kept. */
export class Moments {
  readonly count: number;
  readonly mean: number;
  readonly deviation: number;

  constructor(count: number, sum: number, squares: number) {
    this.count = count;
    this.mean = count === 0 ? 0 : sum / count;
    this.deviation = count === 0 ? 0 : Math.sqrt(Math.max(0, squares / count - this.mean ** 2));
  }

  get isConstant(): boolean {
    return this.deviation <= EQUAL * Math.max(Math.abs(this.mean), EQUAL);
  }

  /** Distance of the means, in standard deviations of `before`. */
  shiftFrom(before: Moments): number {
    return Math.abs(this.mean - before.mean) / before.deviation;
  }

  /** Of that distance what chance gives in one case of twenty, were both drawn from the same values. */
  noiseAgainst(before: Moments): number {
    return 1.96 * Math.sqrt(1 / this.count + 1 / before.count);
  }
}
