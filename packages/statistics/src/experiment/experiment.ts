import type { Interval } from "../interval.ts";
import { MeanSequence, type MeanSequenceState } from "./mean-sequence.ts";

export type Arm = "champion" | "challenger";

export interface ExperimentTerms {
  /** Chance that a challenger which is no better is ever promoted. */
  readonly alpha: number;
  /** Largest loss that one prediction can have; the smallest is 0. */
  readonly worstLoss: number;
  /** Gain in the mean loss that is worth finding. */
  readonly worthwhileGain: number;
}

export interface Finding {
  /**
   * - `better`: the challenger's mean loss is lower; promote it.
   * - `harmful`: it is higher; stop.
   * - `futile`: whatever it gains is less than what would be worth it; stop.
   * - `open`: not known yet; go on.
   */
  readonly verdict: "better" | "harmful" | "futile" | "open";
  /** Champion's mean loss less challenger's, so that above 0 is better, in the unit of the loss. */
  readonly gain: Interval;
  /** The same as estimated; NaN while an arm has no outcome. */
  readonly estimate: number;
  readonly counts: Readonly<Record<Arm, number>>;
  /** Mean loss of either; NaN while it has no outcome. */
  readonly losses: Readonly<Record<Arm, number>>;
  /** Variance of one prediction's loss, by the arm that has more outcomes. */
  readonly lossVariance: number;
}

/** An experiment as it can be kept between two outcomes, in constant size. */
export type ExperimentState = Readonly<Record<Arm, MeanSequenceState>>;

/**
 * Two models that share the traffic, compared by the losses of their predictions as outcomes arrive. The finding may be asked
 * after each of them: over all times together, a challenger that is no better is found `better` with a chance of at most
 * `alpha / 2`, and one that is no worse `harmful` likewise, since each arm's confidence sequence is wrong at all with a chance
 * of at most `alpha / 2`, and on one side with half of it.
 *
 * Which model answers must not depend on what is asked or on outcomes. Outcomes may come late and in any order, as long as
 * their order doesn't depend on the loss.
 */
export class Experiment {
  readonly #terms: ExperimentTerms;
  readonly #arms: Readonly<Record<Arm, MeanSequence>>;

  /**
   * @param state of an experiment of the same terms, to go on with.
   * @throws RangeError with all that is wrong with the terms.
   */
  constructor(terms: ExperimentTerms, state?: ExperimentState) {
    const { alpha, worstLoss, worthwhileGain } = terms;
    const faults: string[] = [];
    if (!(alpha > 0 && alpha < 1)) faults.push(`alpha is ${alpha}, expected a number between 0 and 1`);
    if (!(worstLoss > 0 && worstLoss < Infinity)) {
      faults.push(`worstLoss is ${worstLoss}, expected a number above 0`);
    }
    if (!(worthwhileGain > 0 && worthwhileGain <= worstLoss)) {
      faults.push(`worthwhileGain is ${worthwhileGain}, expected a number above 0, at most worstLoss`);
    }
    if (faults.length > 0) throw new RangeError(`Experiment: ${faults.join("; ")}.`);
    this.#terms = terms;
    this.#arms = {
      champion: new MeanSequence(1 - alpha / 2, state?.champion),
      challenger: new MeanSequence(1 - alpha / 2, state?.challenger),
    };
  }

  /** To be kept, and gone on with later. */
  get state(): ExperimentState {
    return { champion: this.#arms.champion.state, challenger: this.#arms.challenger.state };
  }

  /** @throws RangeError for a loss outside 0 to `worstLoss`. */
  add(arm: Arm, loss: number): void {
    const { worstLoss } = this.#terms;
    if (!(loss >= 0 && loss <= worstLoss)) {
      throw new RangeError(`Experiment: the ${arm}'s loss is ${loss}, expected 0 to ${worstLoss}.`);
    }
    this.#arms[arm].add(loss / worstLoss);
  }

  finding(): Finding {
    const { alpha, worstLoss, worthwhileGain } = this.#terms;
    const { champion, challenger } = this.#arms;
    const [one, other] = [champion.interval(), challenger.interval()];
    const gain = {
      lower: (one.lower - other.upper) * worstLoss,
      upper: (one.upper - other.lower) * worstLoss,
      confidence: 1 - alpha,
    };
    const verdict =
      gain.lower > 0
        ? "better"
        : gain.upper < 0
          ? "harmful"
          : gain.upper < worthwhileGain
            ? "futile"
            : "open";
    return {
      verdict,
      gain,
      estimate: (champion.mean - challenger.mean) * worstLoss,
      counts: { champion: champion.count, challenger: challenger.count },
      losses: { champion: champion.mean * worstLoss, challenger: challenger.mean * worstLoss },
      lossVariance: (champion.count < challenger.count ? challenger : champion).variance * worstLoss ** 2,
    };
  }
}
