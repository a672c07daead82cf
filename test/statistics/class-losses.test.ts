import {
  accuracy,
  accuracyMetric,
  answeredWith,
  brier,
  type ClassRows,
  classLogLoss,
  classLogLossGainMetric,
  classLogLossMetric,
  groupRows,
  hitsPerRow,
  oneAgainstRest,
  rps,
  rpsGainMetric,
  rpsMetric,
  rpsPerRow,
  rpsSkillMetric,
  ungrouped,
  valueOf,
} from "@perennial/statistics";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

const rows: ClassRows = {
  labels: Int32Array.of(0, 2, 2, 1),
  classes: 3,
  probabilities: Float64Array.of(0.5, 0.3, 0.2, 0.1, 0.6, 0.3, 0.25, 0.25, 0.5, 0.7, 0.2, 0.1),
};
const shares = [0.25, 0.25, 0.5];
const each = ungrouped(4);

/** Up to 30 rows of two to four classes, with a group for each. */
const anyClassRows = fc
  .record({
    classes: fc.integer({ min: 2, max: 4 }),
    rows: fc.array(
      fc.record({
        label: fc.nat({ max: 3 }),
        weights: fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 4, maxLength: 4 }),
        group: fc.nat({ max: 5 }),
      }),
      { minLength: 1, maxLength: 30 },
    ),
  })
  .map(({ classes, rows: drawn }) => ({
    labels: Int32Array.from(drawn, ({ label }) => label % classes),
    classes,
    probabilities: Float64Array.from(
      drawn.flatMap(({ weights }) => {
        const own = weights.slice(0, classes).map((weight) => weight + 1);
        const total = own.reduce((sum, weight) => sum + weight, 0);
        return own.map((weight) => weight / total);
      }),
    ),
    groups: groupRows(drawn.map(({ group }) => group)),
  }));

describe("the ranked probability score", () => {
  it("is the mean square by which cumulative probabilities miss the outcome", () => {
    // Worked out by hand: (0.5² + 0.2²) / 2 in the first row, and so on.
    const expected = [0.145, 0.25, 0.15625, 0.25];
    rpsPerRow(rows).forEach((value, row) => expect(value).toBeCloseTo(expected[row]!, 14));
    expect(rps(rows)).toBeCloseTo(0.2003125, 14);
  });

  it("forgives a probability the more, the nearer its class is to what came true", () => {
    const answers = [
      [0, 0.1, 0.9],
      [0.1, 0, 0.9],
    ];
    const [near, far] = answers.map((probabilities) =>
      rps({ labels: Int32Array.of(2), classes: 3, probabilities: Float64Array.from(probabilities) }),
    );
    expect([near, far]).toEqual([expect.closeTo(0.005, 14), expect.closeTo(0.01, 14)]);
  });

  it("lies between 0 for certainty of what came true and 1 for certainty of the far end", () => {
    const certain = (place: number) => ({
      labels: Int32Array.of(0),
      classes: 4,
      probabilities: Float64Array.from([0, 1, 2, 3], (at) => (at === place ? 1 : 0)),
    });
    expect([0, 1, 2, 3].map((place) => rps(certain(place)))).toEqual([0, 1 / 3, 2 / 3, 1]);
    fc.assert(fc.property(anyClassRows, (any) => rpsPerRow(any).every((value) => value >= 0 && value <= 1)));
  });

  it("is the Brier score of two classes", () => {
    fc.assert(
      fc.property(anyClassRows, (any) => {
        fc.pre(any.classes === 2);
        expect(rps(any)).toBeCloseTo(brier(oneAgainstRest(any, 1)), 12);
      }),
    );
  });
});

it("agrees with scikit-learn's log_loss and accuracy_score", () => {
  // log_loss([0, 2, 2, 1], probabilities) of scikit-learn 1.7.2.
  expect(classLogLoss(rows)).toBeCloseTo(1.0499262694699818, 14);
  expect(accuracy(rows)).toBe(0.5);
});

it("takes the first of equally probable classes for the model's answer", () => {
  const probabilities = Float64Array.of(0.4, 0.4, 0.2, 0.4, 0.4, 0.2);
  expect([...hitsPerRow({ labels: Int32Array.of(0, 1), classes: 3, probabilities })]).toEqual([1, 0]);
});

it("keeps a certain mistake finite: 36 nats", () => {
  const wrong = { labels: Int32Array.of(1), classes: 2, probabilities: Float64Array.of(1, 0) };
  expect(classLogLoss(wrong)).toBeCloseTo(52 * Math.LN2, 12);
});

it("measures skill and gain against always answering with the shares", () => {
  const value = (metric: typeof rpsMetric) => valueOf(metric.statistic(rows, each), each);
  // The shares' RPS is 0.21875 and their log loss 1.5 · ln 2, by hand.
  expect(value(rpsSkillMetric(shares))).toBeCloseTo(1 - 0.2003125 / 0.21875, 14);
  expect(value(rpsGainMetric(shares))).toBeCloseTo(0.21875 - 0.2003125, 14);
  expect(value(classLogLossGainMetric(shares))).toBeCloseTo(1.5 * Math.LN2 - 1.0499262694699818, 14);
});

it("finds no skill and no gain in the shares themselves, in any resample", () => {
  const constant = answeredWith(rows, shares);
  for (const multiplicity of [Int32Array.of(1, 1, 1, 1), Int32Array.of(3, 0, 1, 0)]) {
    for (const metric of [rpsSkillMetric, rpsGainMetric, classLogLossGainMetric]) {
      expect(metric(shares).statistic(constant, each)(multiplicity)).toBeCloseTo(0, 14);
    }
  }
});

it("counts a group as often as it is drawn", () => {
  const groups = groupRows(["a", "b", "a", "c"]);
  const drawn = Int32Array.of(2, 0, 1);
  expect(rpsMetric.statistic(rows, groups)(drawn)).toBeCloseTo((2 * 0.145 + 2 * 0.15625 + 0.25) / 5, 14);
  expect(accuracyMetric.statistic(rows, groups)(drawn)).toBe(4 / 5);
});

it("doesn't depend on the order of rows", () => {
  fc.assert(
    fc.property(anyClassRows, ({ labels, classes, probabilities, groups }) => {
      const order = Array.from(labels, (_, row) => row).toReversed();
      const turned = {
        labels: Int32Array.from(order, (row) => labels[row]!),
        classes,
        probabilities: Float64Array.from(
          order.flatMap((row) => [...probabilities.subarray(row * classes, (row + 1) * classes)]),
        ),
      };
      const turnedGroups = { ...groups, index: Int32Array.from(order, (row) => groups.index[row]!) };
      for (const metric of [rpsMetric, classLogLossMetric, accuracyMetric]) {
        const before = valueOf(metric.statistic({ labels, classes, probabilities }, groups), groups);
        expect(valueOf(metric.statistic(turned, turnedGroups), turnedGroups)).toBeCloseTo(before, 12);
      }
    }),
  );
});

it.each([0, 1, 2])("is NaN when the probability of class %i is, also where that row isn't drawn", (place) => {
  const broken = { ...rows, probabilities: rows.probabilities.with(3 + place, Number.NaN) };
  const metrics = [rpsMetric, accuracyMetric, rpsSkillMetric(shares), rpsGainMetric(shares)];
  for (const metric of metrics) {
    expect(metric.statistic(broken, each)(Int32Array.of(1, 0, 1, 1))).toBeNaN();
  }
});

it.each<[string, Partial<ClassRows>, string]>([
  [
    "a label past the last class",
    { labels: Int32Array.of(0, 3, 2, 1) },
    "label 3 in row 1, expected 0 to 2.",
  ],
  ["a single class", { classes: 1 }, "1 classes, expected a whole number from 2."],
  ["too few probabilities", { classes: 4 }, "12 probabilities for 4 rows of 4 classes, expected 16."],
  [
    "a probability above 1",
    { probabilities: rows.probabilities.with(4, 1.25) },
    "probability 1.25 of class 1 in row 1, expected 0 to 1.",
  ],
  [
    "probabilities that don't add up",
    { probabilities: rows.probabilities.with(0, 0.25) },
    "the probabilities in row 0 add up to 0.75, expected 1.",
  ],
])("refuses %s", (_, change, message) => {
  expect(() => rps({ ...rows, ...change })).toThrow(new RangeError(`Class rows: ${message}`));
});
