import type { Manifest } from "@perennial/contracts";
import { InvalidRecords, type Model, measureMicros, PredictionFault } from "@perennial/scoring";

type Records = readonly Readonly<Record<string, unknown>>[];

/** Rows whose scoring time is measured, over and over: enough to see more than one path through the trees. */
const MEASURED_ROWS = 256;

/**
 * Probabilities of raw records, NaN where the model gives none: it refuses the row, fails on it, or answers with something
 * that is no probability. One such row must not hide how the others fare.
 */
export async function predictRows(model: Pick<Model, "score">, records: Records): Promise<Float64Array> {
  const scores = await scoreOrRefuse(model, records);
  if (scores !== null) return Float64Array.from(scores, asProbability);
  const probabilities = new Float64Array(records.length);
  for (const [row, record] of records.entries()) {
    const [score] = (await scoreOrRefuse(model, [record])) ?? [];
    probabilities[row] = asProbability(score ?? Number.NaN);
  }
  return probabilities;
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
    score: async (asked: readonly unknown[]) =>
      (await scoreOrRefuse(model, asked)) ?? new Float32Array(asked.length).fill(Number.NaN),
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

function asProbability(score: number): number {
  return score >= 0 && score <= 1 ? score : Number.NaN;
}
