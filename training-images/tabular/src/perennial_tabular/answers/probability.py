"""The probability of one outcome: logistic recalibration (Platt scaling)."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from perennial_tabular.answers.answer import PREDICTION, Floats, Predictions, float32
from perennial_tabular.feature_graph import FeatureGraph

# Newton's method on two parameters of a convex function: it has converged long before.
MOST_STEPS = 50
TOLERANCE = 1e-12


@dataclass(frozen=True)
class Probability:
    """Probability = sigmoid(slope · raw score + intercept)."""

    slope: float
    intercept: float
    columns: int = 1

    def apply(self, raw: Floats) -> Predictions:
        return sigmoid(self.slope * raw.astype(np.float64) + self.intercept)

    def attach(self, graph: FeatureGraph, raw: str) -> None:
        slope = graph.constant("calibration_slope", np.array([self.slope], np.float32))
        intercept = graph.constant("calibration_intercept", np.array([self.intercept], np.float32))
        graph.node("Mul", [raw, slope], "scaled_margin")
        graph.node("Add", ["scaled_margin", intercept], "calibrated_margin")
        graph.node("Sigmoid", ["calibrated_margin"], PREDICTION)

    def document(self) -> dict[str, Any]:
        return {"link": "sigmoid", "slope": [self.slope], "intercept": [self.intercept]}


def sigmoid(values: Predictions) -> Predictions:
    return np.asarray(1 / (1 + np.exp(-values)), np.float64)


def fit_probability(raw: Floats, labels: Floats) -> Probability:
    """
    Maximum likelihood of slope and intercept by Newton's method, in float64, from slope 1 and intercept 0.
    `raw` is [rows] or [rows, 1].

    Sums are written out rather than left to a linear algebra library, whose threads may change the last
    digit.
    """
    x, y = raw.astype(np.float64).reshape(-1), labels.astype(np.float64)
    slope, intercept = 1.0, 0.0
    for _ in range(MOST_STEPS):
        p = sigmoid(slope * x + intercept)
        weight, error = p * (1 - p), y - p
        a, b, c = float(np.sum(weight * x * x)), float(np.sum(weight * x)), float(np.sum(weight))
        g, h = float(np.sum(error * x)), float(np.sum(error))
        determinant = a * c - b * b
        if determinant <= 0:
            # All scores are the same: only the mean can be corrected.
            return Probability(1.0, float32(math.log(y.mean() / (1 - y.mean())) - float(x[0])))
        step = ((c * g - b * h) / determinant, (a * h - b * g) / determinant)
        slope, intercept = slope + step[0], intercept + step[1]
        if max(abs(step[0]), abs(step[1])) < TOLERANCE:
            break
    return Probability(float32(slope), float32(intercept))
