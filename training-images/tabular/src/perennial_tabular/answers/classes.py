"""The probabilities of several outcomes: temperature scaling with a bias for each class."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from perennial_tabular.answers.answer import PREDICTION, Floats, Predictions, float32
from perennial_tabular.feature_graph import FeatureGraph

MOST_STEPS = 100
TOLERANCE = 1e-10
# Holds Newton's matrix regular where a class is never met or all scores are the same.
RIDGE = 1e-6


@dataclass(frozen=True)
class Classes:
    """Probabilities = softmax(slope · raw scores + intercepts)."""

    slope: float
    intercepts: tuple[float, ...]

    @property
    def columns(self) -> int:
        return len(self.intercepts)

    def apply(self, raw: Floats) -> Predictions:
        return softmax(self.slope * raw.astype(np.float64) + np.array(self.intercepts))

    def attach(self, graph: FeatureGraph, raw: str) -> None:
        slope = graph.constant("calibration_slope", np.array([self.slope], np.float32))
        intercepts = graph.constant("calibration_intercepts", np.array(self.intercepts, np.float32))
        graph.node("Mul", [raw, slope], "scaled_scores")
        graph.node("Add", ["scaled_scores", intercepts], "calibrated_scores")
        graph.node("Softmax", ["calibrated_scores"], PREDICTION, axis=1)

    def document(self) -> dict[str, Any]:
        return {
            "link": "softmax",
            "slope": [self.slope] * self.columns,
            "intercept": list(self.intercepts),
        }


def softmax(scores: Predictions) -> Predictions:
    shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True), np.float64)


def fit_classes(raw: Floats, labels: Floats) -> Classes:
    """
    Maximum likelihood of one slope and an intercept per class, the last class's held at 0, by Newton's
    method with halved steps, in float64. `raw` is [rows, classes], `labels` the class's place.

    A slope of its own for each class would fit as well and wander where a class is rare.
    """
    scores = raw.astype(np.float64)
    count = scores.shape[1]
    hot = (labels[:, None] == np.arange(count)).astype(np.float64)
    free = np.concatenate([[1.0], np.zeros(count - 1)])
    loss = _loss(free, scores, hot)
    for _ in range(MOST_STEPS):
        step = _newton_step(free, scores, hot)
        scale = 1.0
        while scale > TOLERANCE and _loss(free - scale * step, scores, hot) > loss:
            scale /= 2
        free = free - scale * step
        loss = _loss(free, scores, hot)
        if np.abs(scale * step).max() < TOLERANCE:
            break
    return Classes(float32(free[0]), (*(float32(value) for value in free[1:]), 0.0))


def _probabilities(free: Predictions, scores: Predictions) -> Predictions:
    return softmax(free[0] * scores + np.append(free[1:], 0.0))


def _loss(free: Predictions, scores: Predictions, hot: Predictions) -> float:
    met = np.sum(_probabilities(free, scores) * hot, axis=1)
    return float(-np.sum(np.log(np.maximum(met, 1e-300))) + RIDGE * np.sum(free[1:] ** 2))


def _newton_step(free: Predictions, scores: Predictions, hot: Predictions) -> Predictions:
    p = _probabilities(free, scores)
    # Each row's derivatives of the class's score by the free parameters: the raw score, then ones for the
    # biases.
    count = scores.shape[1]
    gradient, hessian = np.zeros(count), np.zeros((count, count))
    error = p - hot
    gradient[0] = np.sum(error * scores)
    gradient[1:] = np.sum(error, axis=0)[:-1] + 2 * RIDGE * free[1:]
    mean = np.sum(p * scores, axis=1, keepdims=True)
    hessian[0, 0] = np.sum(p * (scores - mean) ** 2)
    hessian[0, 1:] = hessian[1:, 0] = np.sum(p * (scores - mean), axis=0)[:-1]
    for one in range(count - 1):
        for other in range(count - 1):
            own = np.sum(p[:, one]) if one == other else 0.0
            hessian[1 + one, 1 + other] = own - np.sum(p[:, one] * p[:, other])
    hessian += RIDGE * np.eye(count)
    return np.asarray(np.linalg.solve(hessian, gradient), np.float64)
