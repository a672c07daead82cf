import type { Check, PrimaryMetric, TaskKind } from "@perennial/contracts";
import { brierMetric, rocAucMetric } from "../metrics/binary-metrics.ts";
import { classLogLossMetric, rpsMetric } from "../metrics/class-losses.ts";
import type { Metric } from "../metrics/metric.ts";
import { maeMetric, rmseMetric } from "../metrics/quantity-errors.ts";
import { asBinaryRows, asClassRows, asQuantityRows, type PredictedRows } from "../predicted-rows.ts";

/** What a gate decides by, over the rows of the task that it belongs to. */
export const PRIMARY: Readonly<Record<PrimaryMetric, Metric<PredictedRows>>> = {
  rocAuc: readAs(asBinaryRows, rocAucMetric),
  rps: readAs(asClassRows, rpsMetric),
  rmse: readAs(asQuantityRows, rmseMetric),
};

/** What mustn't get worse for the primary metric's sake: the order of probabilities says nothing of their size, and so on. */
export const GUARD: Readonly<
  Record<
    TaskKind,
    {
      readonly check: Extract<Check["name"], "brier" | "log-loss" | "mae">;
      readonly metric: Metric<PredictedRows>;
    }
  >
> = {
  binary: { check: "brier", metric: readAs(asBinaryRows, brierMetric) },
  multiclass: { check: "log-loss", metric: readAs(asClassRows, classLogLossMetric) },
  regression: { check: "mae", metric: readAs(asQuantityRows, maeMetric) },
};

function readAs<Rows>(read: (rows: PredictedRows) => Rows, metric: Metric<Rows>): Metric<PredictedRows> {
  const { name, isHigherBetter } = metric;
  return { name, isHigherBetter, statistic: (rows, groups) => metric.statistic(read(rows), groups) };
}
