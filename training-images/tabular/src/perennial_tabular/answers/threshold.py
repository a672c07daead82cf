"""The threshold at which a probability becomes a decision."""

import math

import numpy as np

from perennial_tabular.answers.answer import Floats
from perennial_tabular.answers.probability import fit_probability

FOLDS = 5


def out_of_fold_probabilities(raw: Floats, labels: Floats, places: Floats) -> Floats:
    """
    The calibration rows' probabilities by calibrations that have not seen them: a fold's comes from the
    other folds. `places` are the rows' groups in [0, 1), which deal them to folds.
    """
    folds = np.minimum((places * FOLDS).astype(np.int64), FOLDS - 1)
    probabilities = fit_probability(raw, labels).apply(raw.reshape(-1))
    for fold in range(FOLDS):
        held, rest = folds == fold, folds != fold
        # Few rows may leave a fold's others without both classes: the calibration of all rows stands in.
        if held.any() and 0 < labels[rest].sum() < rest.sum():
            probabilities[held] = fit_probability(raw[rest], labels[rest]).apply(raw[held].reshape(-1))
    return probabilities


def threshold_for_share(probabilities: Floats, flagged_share: float) -> float:
    """The largest probability at or above which at least `flagged_share` of the rows lie."""
    flagged = max(1, math.ceil(flagged_share * len(probabilities)))
    return float(np.sort(probabilities)[-flagged])


def threshold_for_f1(probabilities: Floats, labels: Floats) -> float:
    """The probability at or above which flagging has the largest F1, the highest of equals."""
    order = np.argsort(-probabilities, kind="stable")
    ranked, hits = probabilities[order], np.cumsum(labels[order])
    f1 = 2 * hits / (np.arange(1, len(order) + 1) + labels.sum())
    # Rows of equal probability are flagged together: only the last of them counts.
    is_last = np.append(ranked[1:] != ranked[:-1], True)
    return float(ranked[np.argmax(np.where(is_last, f1, -1.0))])
