import { type BinaryRows, type Groups, groupRows } from "@perennial/statistics";

/**
 * Forty rows with ties and a fixed order, on which scikit-learn 1.7.2 and statsmodels 0.15.0 were run once. The program:
 *
 * ```python
 * s = [(i * 37 + 11) % 101 for i in range(40)]
 * scores = np.array([round((x % 21) / 20 * 0.9 + 0.05, 4) for x in s])
 * labels = np.array([1 if ((i * 53 + 7) % 97) / 97 < p else 0 for i, p in enumerate(scores)])
 * ```
 */
export const referenceRows: BinaryRows = {
  labels: Uint8Array.from("1000101000110101010011101000101101110001", Number),
  scores: Float64Array.of(
    0.545,
    0.32,
    0.095,
    0.05,
    0.77,
    0.545,
    0.5,
    0.275,
    0.23,
    0.95,
    0.725,
    0.68,
    0.455,
    0.23,
    0.185,
    0.905,
    0.68,
    0.635,
    0.41,
    0.365,
    0.14,
    0.86,
    0.815,
    0.59,
    0.365,
    0.32,
    0.095,
    0.05,
    0.77,
    0.545,
    0.5,
    0.275,
    0.05,
    0.95,
    0.725,
    0.5,
    0.455,
    0.23,
    0.185,
    0.905,
  ),
};

/** Three neighbouring rows a group, fourteen groups. */
export const referenceGroups: Groups = groupRows(Array.from({ length: 40 }, (_, row) => Math.floor(row / 3)));
