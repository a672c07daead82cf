import { equalCountBins } from "./equal-count-bins.ts";
import { type QuantityRows, requireQuantityRows } from "./quantity-rows.ts";

/** One bin of estimates beside what came true. */
export interface EstimateBin {
  readonly rows: number;
  readonly meanEstimate: number;
  readonly meanOutcome: number;
}

/** Mean estimate and mean outcome over bins of about equal counts, from low estimates to high ones; see {@link equalCountBins}. */
export function predictedCurve(rows: QuantityRows, bins = 10): EstimateBin[] {
  requireQuantityRows(rows);
  return equalCountBins(rows.estimates, bins).map((members) => {
    const meanOf = (values: Float64Array) =>
      members.reduce((sum, row) => sum + values[row]!, 0) / members.length;
    return {
      rows: members.length,
      meanEstimate: meanOf(rows.estimates),
      meanOutcome: meanOf(rows.outcomes),
    };
  });
}
