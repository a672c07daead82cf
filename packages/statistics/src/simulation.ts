import { type LookBudget, alphaForLook } from "./alpha-spending.ts";
import { type AucInfluence, aucInfluence, pairedAucDifference } from "./auc-influence.ts";
import { judgeGain } from "./gate/judge-gain.ts";
import type { Groups } from "./groups.ts";
import type { BinaryRows } from "./metrics/binary-rows.ts";
import { normalQuantile } from "./normal-distribution.ts";
import { type Random, createRandom } from "./random.ts";

/** A holdout and two models' scores on it that never existed, with known true skill. */
export interface SimulatedWorld {
  /** Rows in the holdout. */
  readonly rows: number;
  /** Share of positive rows, drawn row by row. */
  readonly prevalence: number;
  /** The champion's true AUC. */
  readonly championAuc: number;
  /** What every challenger's true AUC lies above the champion's; 0 for equals. */
  readonly gain: number;
  /** Correlation of two models' scores within a class; two retrainings of one model have about 0.95. */
  readonly correlation: number;
}

/** Repeated years of one look per week. */
export interface SimulationSettings extends SimulatedWorld, LookBudget {
  readonly years: number;
  readonly seed: number;
  /**
   * Whether each look gets its share of `alpha`, or (to see what that prevents) the whole of it.
   *
   * @default true
   */
  readonly isAlphaSpent?: boolean;
}

/** How often challengers were promoted. */
export interface SimulationResult {
  readonly years: number;
  /** Years in which some look promoted. With a gain of 0 these are the false promotions, to be at most `alpha` of all. */
  readonly yearsWithPromotion: number;
  readonly shareOfYears: number;
  /** Years whose very first look promoted: with a gain above 0, the power of one look. */
  readonly firstLookPromotions: number;
  /** Mean number of the look that promoted, over the years with one; NaN without any. */
  readonly meanPromotingLook: number;
  /** Mean standard error of the paired difference: how well the holdout sees. */
  readonly meanStandardError: number;
}

/** Chance that a row belongs to the same group as the one before: 1.4 rows a group, as patients have encounters. */
const SAME_GROUP = 0.3;
/** Share of every score's noise that the rows of a group have in common. */
const SHARED_IN_GROUP = 0.5;

/**
 * Plays `years` of weekly looks at one holdout. Each year has a fresh holdout and champion; each look a challenger with noise of
 * its own, judged by the gate's primary rule ({@link judgeGain} at {@link alphaForLook}). A year ends with its first promotion.
 *
 * Scores are binormal: N(μ·label, 1), correlated between models and within groups; the true AUC is Φ(μ/√2). The standard error
 * is the clustered DeLong one, which a test holds against the bootstrap: 52,000 bootstraps would take a day.
 */
export function simulateYears(settings: SimulationSettings): SimulationResult {
  const random = createRandom(settings.seed);
  let yearsWithPromotion = 0;
  let firstLookPromotions = 0;
  let promotingLooks = 0;
  let looksTaken = 0;
  let standardErrors = 0;
  for (let year = 0; year < settings.years; year++) {
    const holdout = simulateHoldout(settings, random);
    const champion = aucInfluence(holdout.scoreChampion());
    for (let look = 1; look <= settings.looks; look++) {
      const { standardError, isPromoted } = takeLook(settings, look, champion, holdout);
      looksTaken++;
      standardErrors += standardError;
      if (isPromoted) {
        yearsWithPromotion++;
        promotingLooks += look;
        if (look === 1) firstLookPromotions++;
        break;
      }
    }
  }
  return {
    years: settings.years,
    yearsWithPromotion,
    shareOfYears: yearsWithPromotion / settings.years,
    firstLookPromotions,
    meanPromotingLook: promotingLooks / yearsWithPromotion,
    meanStandardError: standardErrors / looksTaken,
  };
}

function takeLook(
  { alpha, looks, isAlphaSpent = true }: SimulationSettings,
  look: number,
  champion: AucInfluence,
  holdout: SimulatedHoldout,
): { readonly standardError: number; readonly isPromoted: boolean } {
  const challenger = aucInfluence(holdout.scoreChallenger());
  const { difference: gain, standardError } = pairedAucDifference({ champion, challenger }, holdout.groups);
  const level = isAlphaSpent ? alphaForLook({ alpha, looks, look }) : alpha;
  return { standardError, isPromoted: judgeGain({ gain, standardError, alpha: level }).outcome === "better" };
}

/** Rows of a simulated world, on which models can be scored: each call is another model. */
export interface SimulatedHoldout {
  readonly groups: Groups;
  scoreChampion(): BinaryRows;
  scoreChallenger(): BinaryRows;
}

/** Draws labels, groups and what all models' scores have in common. */
export function simulateHoldout(world: SimulatedWorld, random: Random): SimulatedHoldout {
  const { rows, prevalence, championAuc, gain, correlation } = world;
  const labels = Uint8Array.from({ length: rows }, () => (random.uniform() < prevalence ? 1 : 0));
  const index = new Int32Array(rows);
  for (let row = 1; row < rows; row++) index[row] = index[row - 1]! + (random.uniform() < SAME_GROUP ? 0 : 1);
  const groups: Groups = { index, count: rows === 0 ? 0 : index[rows - 1]! + 1 };
  const common = groupedNoise(groups, random);
  const score = (auc: number): BinaryRows => {
    const separation = Math.SQRT2 * normalQuantile(auc);
    const own = groupedNoise(groups, random);
    const scores = own.map(
      (noise, row) =>
        separation * labels[row]! +
        Math.sqrt(correlation) * common[row]! +
        Math.sqrt(1 - correlation) * noise,
    );
    return { labels, scores };
  };
  return {
    groups,
    scoreChampion: () => score(championAuc),
    scoreChallenger: () => score(championAuc + gain),
  };
}

/** Standard normal noise that rows of one group partly share. */
function groupedNoise(groups: Groups, random: Random): Float64Array {
  const ofGroups = Float64Array.from(
    { length: groups.count },
    () => random.normal() * Math.sqrt(SHARED_IN_GROUP),
  );
  const rest = Math.sqrt(1 - SHARED_IN_GROUP);
  return Float64Array.from(groups.index, (group) => ofGroups[group]! + rest * random.normal());
}
