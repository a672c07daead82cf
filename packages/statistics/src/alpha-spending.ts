/** How much luck one holdout may give away, and over how many looks. */
export interface LookBudget {
  /** The chance, over the holdout's whole life, that a challenger which is no better gets promoted. */
  readonly alpha: number;
  /** Looks that the holdout allows before it is retired. */
  readonly looks: number;
}

/**
 * The one-sided level for look number `look` (from 1): an equal share, `alpha / looks` (Bonferroni).
 *
 * Why equal shares and not Pocock (1977) or O'Brien and Fleming (1979): those watch *one* comparison while its data grow, and
 * buy their power with the known correlation of its looks (independent increments). Here the rows stay the same and the
 * *challenger* changes, so the looks are correlated by unknown amounts. A union bound needs no correlation: the chance that
 * any of the looks promotes a challenger which is no better is at most the sum of their levels.
 *
 * That a challenger is trained after earlier verdicts are known breaks nothing, as long as training cannot read the holdout:
 * until the first false promotion, "not promoted" is all that any look has given away (compare Blum and Hardt 2015, "The
 * Ladder"). After a promotion, the champion is the one that holdout's luck favoured, which makes the next look stricter.
 *
 * Equal shares and not decreasing ones: nobody knows in which week the better model comes.
 *
 * @throws RangeError if the budget is malformed, or if `look` is past the last: a spent holdout answers no question.
 */
export function alphaForLook({ alpha, looks, look }: LookBudget & { readonly look: number }): number {
  checkBudget({ alpha, looks });
  if (!Number.isInteger(look) || look < 1 || look > looks) {
    throw new RangeError(
      `alphaForLook: look is ${look}, expected a whole number from 1 to ${looks}. ` +
        "A holdout whose looks are used up is retired: seal a new one.",
    );
  }
  return alpha / looks;
}

/** Whether a holdout that has been looked at `looksTaken` times may not be looked at again. */
export function isHoldoutRetired({
  alpha,
  looks,
  looksTaken,
}: LookBudget & { readonly looksTaken: number }): boolean {
  checkBudget({ alpha, looks });
  if (!Number.isInteger(looksTaken) || looksTaken < 0) {
    throw new RangeError(`isHoldoutRetired: looksTaken is ${looksTaken}, expected a whole number from 0.`);
  }
  return looksTaken >= looks;
}

function checkBudget({ alpha, looks }: LookBudget): void {
  const faults: string[] = [];
  if (!(alpha > 0 && alpha < 1)) faults.push(`alpha is ${alpha}, expected a number between 0 and 1`);
  if (!Number.isInteger(looks) || looks < 1) faults.push(`looks is ${looks}, expected a whole number from 1`);
  if (faults.length > 0) throw new RangeError(`Look budget: ${faults.join("; ")}.`);
}
