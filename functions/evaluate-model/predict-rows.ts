import type { Manifest } from "@perennial/contracts";
import { countInvalid, InvalidRecords, type Model, measureMicros, PredictionFault } from "@perennial/scoring";

type Records = readonly Readonly<Record<string, unknown>>[];

/** Rows whose scoring time is measured, over and over: enough to see more than one path through the trees. */
const MEASURED_ROWS = 256;

/** A model's predictions of some rows. */
export interface Predicted {
  /** Row by row, as many as the model has output columns; NaN in all of a row for which it gives none. */
  readonly predictions: Float64Array;
  /** Rows for which it gives none. */
  readonly invalid: number;
}

/**
 * Predictions of raw records. A model gives none where it refuses the row, fails on it, or answers with something that its
 * task doesn't allow. One such row must not hide how the others fare.
 */
export async function predictRows(
  model: Pick<Model, "score" | "manifest">,
  records: Records,
): Promise<Predicted> {
  const { task, output } = model.manifest;
  const { columns } = output;
  const predictions = new Float64Array(records.length * columns).fill(Number.NaN);
  const all = await scoreOrRefuse(model, records);
  if (all !== null) {
    predictions.set(all);
  } else {
    for (const [row, record] of records.entries()) {
      const answer = await scoreOrRefuse(model, [record]);
      if (answer !== null) predictions.set(answer, row * columns);
    }
  }
  let invalid = 0;
  for (let start = 0; start < predictions.length; start += columns) {
    const ofRow = predictions.subarray(start, start + columns);
    if (countInvalid(task, ofRow, columns) === 0) continue;
    invalid += 1;
    ofRow.fill(Number.NaN);
  }
  return { predictions, invalid };
}

/**
 * Median time to answer one raw record, in microseconds; a refusal is an answer too.
 *
 * @param nowMillis a monotonous clock in milliseconds with fractions.
 */
export async function measureRows(
  model: Pick<Model, "score">,
  records: Records,
  nowMillis: () => number,
): Promise<number> {
  const answering = {
    score: async (asked: readonly unknown[]) => (await scoreOrRefuse(model, asked)) ?? new Float32Array(),
  };
  return await measureMicros(answering, records.slice(0, MEASURED_ROWS), nowMillis);
}

/**
 * Records without the fields that `manifest` knows nothing of. The holdout is made by today's spec, which may have a column
 * more than the one that an older champion was trained by.
 */
export function withKnownFields(records: Records, { inputs, ignored, excluded }: Manifest): Records {
  const known = new Set([
    ...inputs.map(({ name }) => name),
    ...ignored,
    ...excluded.map(({ column }) => column),
  ]);
  const isKnown = (record: Records[number]) => Object.keys(record).every((name) => known.has(name));
  return records.map((record) =>
    isKnown(record) ? record : Object.fromEntries(Object.entries(record).filter(([name]) => known.has(name))),
  );
}

/** Null where the model refuses the records or fails on them. */
async function scoreOrRefuse(
  model: Pick<Model, "score">,
  records: readonly unknown[],
): Promise<Float32Array | null> {
  try {
    return await model.score(records);
  } catch (error) {
    if (error instanceof InvalidRecords || error instanceof PredictionFault) return null;
    throw error;
  }
}
