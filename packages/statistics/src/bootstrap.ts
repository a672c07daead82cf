import type { Groups } from "./groups.ts";
import { type Interval, requireConfidence } from "./interval.ts";
import { createRandom } from "./random.ts";
import { type Statistic, valueOf } from "./statistic.ts";

/** How a bootstrap is drawn. The same settings give the same numbers, bit by bit. */
export interface Resampling {
  /** Which rows are drawn together. */
  readonly groups: Groups;
  /** A whole number from 0 to 2³² − 1; `seedFromText` makes one from a holdout's hash. */
  readonly seed: number;
  /** @default 1000 */
  readonly replicates?: number;
}

/** What a statistic is on the rows, and how it varies when groups are drawn anew. */
export interface BootstrapDistribution {
  readonly value: number;
  /** Standard deviation over the replicates. NaN if any is undefined, or with fewer than two groups. */
  readonly standardError: number;
  /** The statistic of each replicate, ascending, NaN last. */
  readonly replicates: Float64Array;
  /**
   * Replicates in which the statistic is NaN (one class only, say). They are never dropped: leaving them out would describe
   * only the luckier samples, so a single one makes standard error and intervals NaN.
   */
  readonly undefinedReplicates: number;
}

/** Champion and challenger on the same resamples. */
export interface PairedDistribution {
  readonly champion: BootstrapDistribution;
  readonly challenger: BootstrapDistribution;
  /** Challenger minus champion, resample by resample: what both share cancels. */
  readonly difference: BootstrapDistribution;
}

/**
 * Cluster bootstrap (Efron 1979; by group: Field and Welsh 2007, "Bootstrapping clustered data"): whole groups are drawn with
 * replacement, as many as there are, because rows of one patient or match are not independent.
 *
 * @throws RangeError if `replicates` is not a whole number from 2.
 */
export function bootstrap(statistic: Statistic, resampling: Resampling): BootstrapDistribution {
  const [replicates] = resample([statistic], resampling);
  return describe(valueOf(statistic, resampling.groups), replicates!, resampling.groups);
}

/** {@link bootstrap} of several statistics on the same resamples: drawing them is a good part of the cost. */
export function bootstrapAll<Name extends string>(
  statistics: Readonly<Record<Name, Statistic>>,
  resampling: Resampling,
): Record<Name, BootstrapDistribution> {
  const named = Object.entries<Statistic>(statistics);
  const columns = resample(
    named.map(([, statistic]) => statistic),
    resampling,
  );
  const { groups } = resampling;
  const described = named.map(([name, statistic], place) => [
    name,
    describe(valueOf(statistic, groups), columns[place]!, groups),
  ]);
  return Object.fromEntries(described) as Record<Name, BootstrapDistribution>;
}

/** Paired cluster bootstrap: both models see the same resamples. Identical statistics differ by exactly 0 in every one. */
export function pairedBootstrap(
  statistics: { readonly champion: Statistic; readonly challenger: Statistic },
  resampling: Resampling,
): PairedDistribution {
  const { groups } = resampling;
  const [champion, challenger] = resample([statistics.champion, statistics.challenger], resampling);
  const differences = challenger!.map((value, replicate) => value - champion![replicate]!);
  const values = {
    champion: valueOf(statistics.champion, groups),
    challenger: valueOf(statistics.challenger, groups),
  };
  return {
    champion: describe(values.champion, champion!, groups),
    challenger: describe(values.challenger, challenger!, groups),
    difference: describe(values.challenger - values.champion, differences, groups),
  };
}

/**
 * The percentile interval (Efron 1981), from the order statistics number (B + 1) · (1 ± confidence) / 2, interpolated (Davison
 * and Hinkley 1997, section 5.3.1). Percentile rather than BCa: differences of two models' metrics are nearly unbiased and
 * symmetric at the sizes we judge, so BCa's corrections are smaller than the noise of 1,000 replicates, and its acceleration
 * would need the metric once more for every group left out.
 *
 * @throws RangeError if there are too few replicates for the confidence: the end of the interval would be a guess.
 */
export function percentileInterval(distribution: BootstrapDistribution, confidence: number): Interval {
  requireConfidence(confidence);
  const { replicates, standardError } = distribution;
  const needed = Math.ceil(2 / (1 - confidence) - 1 - 1e-9);
  if (replicates.length < needed) {
    throw new RangeError(
      `percentileInterval: ${replicates.length} replicates cannot show a ${confidence} interval, expected at least ${needed}. ` +
        "Draw more, or use the normal bounds of judgeGain.",
    );
  }
  if (Number.isNaN(standardError)) return { lower: Number.NaN, upper: Number.NaN, confidence };
  const tail = (1 - confidence) / 2;
  return { lower: orderStatistic(replicates, tail), upper: orderStatistic(replicates, 1 - tail), confidence };
}

/** One column of replicates per statistic, all from the same resamples. */
function resample(
  statistics: readonly Statistic[],
  { groups, seed, replicates = 1000 }: Resampling,
): Float64Array[] {
  if (!Number.isInteger(replicates) || replicates < 2) {
    throw new RangeError(
      `bootstrap: replicates is ${replicates}, expected a whole number from 2, such as 1000.`,
    );
  }
  const random = createRandom(seed);
  const multiplicity = new Int32Array(groups.count);
  const columns = statistics.map(() => new Float64Array(replicates));
  for (let replicate = 0; replicate < replicates; replicate++) {
    multiplicity.fill(0);
    for (let draw = 0; draw < groups.count; draw++) multiplicity[random.below(groups.count)]! += 1;
    for (const [column, statistic] of statistics.entries())
      columns[column]![replicate] = statistic(multiplicity);
  }
  return columns;
}

function describe(value: number, drawn: Float64Array, groups: Groups): BootstrapDistribution {
  const replicates = drawn.toSorted();
  const undefinedReplicates = replicates.reduce((count, each) => count + (Number.isNaN(each) ? 1 : 0), 0);
  // One group is always drawn whole: it never varies, which says nothing about how sure we are.
  const standardError = groups.count < 2 ? Number.NaN : standardDeviation(replicates);
  return { value, standardError, replicates, undefinedReplicates };
}

/** NaN if one of the values is. */
function standardDeviation(values: Float64Array): number {
  // Shifted by one of the values, so that equal values give exactly 0.
  const shift = values[0]!;
  let sum = 0;
  let squares = 0;
  for (const value of values) {
    sum += value - shift;
    squares += (value - shift) ** 2;
  }
  return Math.sqrt(Math.max(0, squares - (sum * sum) / values.length) / (values.length - 1));
}

function orderStatistic(sorted: Float64Array, probability: number): number {
  const position = Math.min(Math.max((sorted.length + 1) * probability, 1), sorted.length);
  const below = Math.floor(position);
  const lower = sorted[below - 1]!;
  const upper = sorted[Math.min(below, sorted.length - 1)]!;
  return lower + (position - below) * (upper - lower);
}
