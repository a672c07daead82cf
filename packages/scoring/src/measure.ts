import type { Model } from "./model.ts";

/** Calls before the clock counts: the engine compiles what runs often only after it has run often. */
const WARM_UP = 200;

/** Durations of scoring one raw record, object in and prediction out, ascending, in microseconds. */
export async function measureAll(
  model: Pick<Model, "score">,
  records: readonly unknown[],
  nowMillis: () => number,
  repetitions = 2_000,
): Promise<Float64Array> {
  if (records.length === 0) throw new RangeError("measureMicros: given no records; expected at least one");
  const scoreOne = (turn: number) => model.score([records[turn % records.length]]);
  for (let turn = 0; turn < WARM_UP; turn += 1) await scoreOne(turn);
  const durations = new Float64Array(repetitions);
  for (let turn = 0; turn < repetitions; turn += 1) {
    const start = nowMillis();
    await scoreOne(turn);
    durations[turn] = (nowMillis() - start) * 1_000;
  }
  return durations.toSorted();
}

/**
 * Median time to score one raw record, in microseconds.
 *
 * @param nowMillis a monotonous clock in milliseconds with fractions: `() => performance.now()`.
 */
export async function measureMicros(
  model: Pick<Model, "score">,
  records: readonly unknown[],
  nowMillis: () => number,
  repetitions = 2_000,
): Promise<number> {
  const durations = await measureAll(model, records, nowMillis, repetitions);
  return durations[Math.floor(durations.length / 2)] ?? Number.NaN;
}
