import type { Groups } from "../groups.ts";
import type { Statistic } from "../statistic.ts";

/** A measure that can be compared and resampled. `Rows` is what the task predicts: `BinaryRows` where it is yes or no. */
export interface Metric<Rows> {
  readonly name: string;
  readonly isHigherBetter: boolean;
  /** Prepares the measure for resampling by group. */
  readonly statistic: (rows: Rows, groups: Groups) => Statistic;
}
