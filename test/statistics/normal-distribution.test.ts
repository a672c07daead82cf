import { normalCdf, normalQuantile, wilsonInterval } from "@perennial/statistics";
import { expect, it } from "vitest";

// scipy.stats.norm.cdf and .ppf, SciPy 1.16.
it.each([
  [-37.5, 4.605353009581954e-308],
  [-10, 7.61985302416047e-24],
  [-7.5, 3.1908916729108844e-14],
  [-3, 0.0013498980316300933],
  [-1.5, 0.06680720126885807],
  [0, 0.5],
  [0.7, 0.758036347776927],
  [2.5, 0.9937903346742238],
  [6, 0.9999999990134123],
])("has SciPy's distribution function at %d", (x, expected) => {
  expect(normalCdf(x) / expected).toBeCloseTo(1, 7);
});

it.each([
  [1e-300, -37.0470962993612],
  [1e-10, -6.361340902404056],
  [0.05 / 52, -3.1018618337400943],
  [0.001, -3.090232306167813],
  [0.025, -1.9599639845400545],
  [0.3, -0.5244005127080409],
  [0.5, 0],
  [0.9, 1.2815515655446004],
  [0.999, 3.090232306167813],
])("has SciPy's quantile at %d", (probability, expected) => {
  expect(normalQuantile(probability)).toBeCloseTo(expected, 9);
});

it("is infinite at the ends and NaN outside", () => {
  expect([0, 1, -0.1, 1.1, Number.NaN].map(normalQuantile)).toEqual([
    -Infinity,
    Infinity,
    Number.NaN,
    Number.NaN,
    Number.NaN,
  ]);
  expect([-Infinity, Infinity, Number.NaN].map(normalCdf)).toEqual([0, 1, Number.NaN]);
});

it("agrees with statsmodels' Wilson interval, also for a share of 0", () => {
  // statsmodels.stats.proportion.proportion_confint(3, 20, 0.05, "wilson")
  const { lower, upper } = wilsonInterval(3, 20, 0.95);
  expect(lower).toBeCloseTo(0.052368745896216595, 12);
  expect(upper).toBeCloseTo(0.36041886474075696, 12);
  const none = wilsonInterval(0, 20, 0.95);
  expect(none.lower).toBe(0);
  expect(none.upper).toBeCloseTo(0.1611251580528194, 12);
  expect(wilsonInterval(0, 0, 0.95)).toEqual({ lower: Number.NaN, upper: Number.NaN, confidence: 0.95 });
});
