import {
  coverageStatistic,
  coveredPerRow,
  groupRows,
  mae,
  maeMetric,
  meanErrorStatistic,
  meanWidth,
  type QuantityRows,
  predictedCurve,
  r2,
  r2Metric,
  relativeRmseMetric,
  rmse,
  rmseMetric,
  ungrouped,
  valueOf,
} from "@perennial/statistics";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

const rows: QuantityRows = {
  outcomes: Float64Array.of(10, 20, 30, 45),
  estimates: Float64Array.of(12, 18, 33, 40),
  lower: Float64Array.of(5, 12, 30, 28),
  upper: Float64Array.of(19, 19, 38, 44),
};
const each = ungrouped(4);
const asIs = (statistic: ReturnType<typeof coverageStatistic>) => valueOf(statistic, each);

const anyRows = fc
  .array(fc.record({ outcome: fc.integer({ min: -50, max: 50 }), error: fc.integer({ min: -9, max: 9 }) }), {
    minLength: 2,
    maxLength: 30,
  })
  .map((drawn): QuantityRows => {
    const outcomes = Float64Array.from(drawn, ({ outcome }) => outcome);
    const estimates = Float64Array.from(drawn, ({ outcome, error }) => outcome + error);
    return {
      outcomes,
      estimates,
      lower: estimates.map((value) => value - 4),
      upper: estimates.map((value) => value + 4),
    };
  });

describe("errors of a quantity", () => {
  it("agree with scikit-learn's", () => {
    // mean_squared_error, mean_absolute_error and r2_score of scikit-learn 1.7.2; the deviation is NumPy's.
    expect(rmse(rows)).toBeCloseTo(3.24037034920393, 14);
    expect(mae(rows)).toBe(3);
    expect(r2(rows)).toBeCloseTo(0.937196261682243, 14);
    expect(asIs(relativeRmseMetric.statistic(rows, each))).toBeCloseTo(
      3.24037034920393 / 12.93010054098575,
      14,
    );
    expect(asIs(meanErrorStatistic(rows, each))).toBe(-0.5);
  });

  it("count a group as often as it is drawn", () => {
    const groups = groupRows(["a", "b", "a", "c"]);
    const drawn = Int32Array.of(2, 1, 0);
    // Errors 2, 2, −2, 3, 3.
    expect(rmseMetric.statistic(rows, groups)(drawn)).toBeCloseTo(Math.sqrt(30 / 5), 14);
    expect(maeMetric.statistic(rows, groups)(drawn)).toBe(12 / 5);
    // Outcomes 10, 10, 20, 30, 30 have a variance of 80.
    expect(r2Metric.statistic(rows, groups)(drawn)).toBeCloseTo(1 - 6 / 80, 14);
  });

  it("are told in deviations by the square root of what R² leaves", () => {
    fc.assert(
      fc.property(anyRows, (any) => {
        const groups = ungrouped(any.outcomes.length);
        const [relative, explained] = [relativeRmseMetric, r2Metric].map((metric) =>
          valueOf(metric.statistic(any, groups), groups),
        );
        fc.pre(!Number.isNaN(explained!));
        expect(relative! ** 2).toBeCloseTo(1 - explained!, 9);
      }),
    );
  });

  it("explain nothing by the outcomes' own mean", () => {
    const constant = { ...rows, estimates: new Float64Array(4).fill(26.25) };
    expect(r2(constant)).toBeCloseTo(0, 14);
    expect(asIs(relativeRmseMetric.statistic(constant, each))).toBeCloseTo(1, 14);
  });

  it("can't be told in deviations where outcomes don't differ", () => {
    const drawn = Int32Array.of(0, 4, 0, 0);
    expect(r2Metric.statistic(rows, each)(drawn)).toBeNaN();
    expect(relativeRmseMetric.statistic(rows, each)(drawn)).toBeNaN();
    expect(rmseMetric.statistic(rows, each)(drawn)).toBe(2);
  });

  it("keep their digits when outcomes are large and close together", () => {
    const moved = (values: Float64Array) => values.map((value) => value + 1e9);
    const far = { ...rows, outcomes: moved(rows.outcomes), estimates: moved(rows.estimates) };
    expect(r2(far)).toBeCloseTo(0.937196261682243, 10);
  });

  it("are NaN when an estimate is, also where that row isn't drawn", () => {
    const broken = { ...rows, estimates: rows.estimates.with(1, Number.NaN) };
    for (const metric of [rmseMetric, maeMetric, r2Metric, relativeRmseMetric]) {
      expect(metric.statistic(broken, each)(Int32Array.of(2, 0, 1, 1))).toBeNaN();
    }
  });
});

describe("prediction intervals", () => {
  it("hold what lies between their ends, ends included", () => {
    expect([...coveredPerRow(rows)]).toEqual([1, 0, 1, 0]);
    expect(asIs(coverageStatistic(rows, each))).toBe(0.5);
    expect(meanWidth(rows)).toBe((14 + 7 + 8 + 16) / 4);
  });

  it("hold the more, the wider they are, and everything when they have no ends", () => {
    fc.assert(
      fc.property(anyRows, (any) => {
        const coverageOf = (reach: number) =>
          valueOf(
            coverageStatistic(
              {
                ...any,
                lower: any.estimates.map((value) => value - reach),
                upper: any.estimates.map((value) => value + reach),
              },
              ungrouped(any.outcomes.length),
            ),
            ungrouped(any.outcomes.length),
          );
        expect(coverageOf(4)).toBeGreaterThanOrEqual(coverageOf(3));
        expect(coverageOf(Number.POSITIVE_INFINITY)).toBe(1);
      }),
    );
  });

  it("hold an unknown share when an end is NaN", () => {
    const broken = { ...rows, upper: rows.upper.with(0, Number.NaN) };
    expect(coverageStatistic(broken, each)(Int32Array.of(0, 1, 1, 1))).toBeNaN();
    expect(meanWidth(broken)).toBeNaN();
  });
});

it("lays mean estimates beside mean outcomes, bin by bin", () => {
  expect(predictedCurve(rows, 2)).toEqual([
    { rows: 2, meanEstimate: 15, meanOutcome: 15 },
    { rows: 2, meanEstimate: 36.5, meanOutcome: 37.5 },
  ]);
  expect(predictedCurve({ ...rows, estimates: new Float64Array(4).fill(7) })).toEqual([
    { rows: 4, meanEstimate: 7, meanOutcome: 26.25 },
  ]);
  expect(predictedCurve({ ...rows, estimates: rows.estimates.with(2, Number.NaN) })).toEqual([]);
});

it.each<[string, Partial<QuantityRows>, string]>([
  [
    "columns of different lengths",
    { upper: Float64Array.of(1) },
    "4 outcomes, 4 estimates, 4 lower and 1 upper ends, expected one of each per row.",
  ],
  [
    "an outcome that is no number",
    { outcomes: rows.outcomes.with(2, Number.NaN) },
    "outcome NaN in row 2, expected a finite number.",
  ],
])("refuses %s", (_, change, message) => {
  expect(() => rmse({ ...rows, ...change })).toThrow(new RangeError(`Quantity rows: ${message}`));
});
