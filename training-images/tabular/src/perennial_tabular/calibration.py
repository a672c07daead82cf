"""Probabilities from margins: logistic recalibration (Platt scaling) and the threshold for a decision."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]
Labels = npt.NDArray[np.int8]

# Newton's method on two parameters of a convex function: it has converged long before.
MOST_STEPS = 50
TOLERANCE = 1e-12


@dataclass(frozen=True)
class Platt:
    """Probability = sigmoid(slope · margin + intercept). Both are float32 values, as the graph holds them."""

    slope: float
    intercept: float

    def apply(self, margins: Floats) -> npt.NDArray[np.float64]:
        return sigmoid(self.slope * margins.astype(np.float64) + self.intercept)


def sigmoid(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(1 / (1 + np.exp(-values)), np.float64)


def fit_platt(margins: Floats, labels: Labels) -> Platt:
    """
    Maximum likelihood of slope and intercept by Newton's method, in float64, from slope 1 and intercept 0.

    Sums are written out rather than left to a linear algebra library, whose threads may change the last
    digit.
    """
    x, y = margins.astype(np.float64), labels.astype(np.float64)
    slope, intercept = 1.0, 0.0
    for _ in range(MOST_STEPS):
        p = sigmoid(slope * x + intercept)
        weight, error = p * (1 - p), y - p
        a, b, c = float(np.sum(weight * x * x)), float(np.sum(weight * x)), float(np.sum(weight))
        g, h = float(np.sum(error * x)), float(np.sum(error))
        determinant = a * c - b * b
        if determinant <= 0:
            # All margins are the same: only the mean can be corrected.
            return Platt(1.0, _float32(math.log(y.mean() / (1 - y.mean())) - float(x[0])))
        step = ((c * g - b * h) / determinant, (a * h - b * g) / determinant)
        slope, intercept = slope + step[0], intercept + step[1]
        if max(abs(step[0]), abs(step[1])) < TOLERANCE:
            break
    return Platt(_float32(slope), _float32(intercept))


def threshold_for(predictions: Floats, flagged_share: float) -> float:
    """The largest prediction at or above which at least `flagged_share` of the rows lie."""
    flagged = max(1, math.ceil(flagged_share * len(predictions)))
    return float(np.sort(predictions)[-flagged])


def _float32(value: float) -> float:
    return float(np.float32(value))
