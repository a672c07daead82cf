"""Logistic regression for classes and ridge regression for quantities, on standardised features."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression, Ridge
from threadpoolctl import threadpool_limits

from perennial_tabular.algorithm import Hyperparameters
from perennial_tabular.answers.classes import softmax
from perennial_tabular.answers.probability import sigmoid
from perennial_tabular.checkpoints import Checkpoints
from perennial_tabular.feature_graph import FeatureGraph
from perennial_tabular.learners.learner import Fitted, Problem
from perennial_tabular.losses import loss
from perennial_tabular.matrices import Matrix

log = logging.getLogger(__name__)

Floats = npt.NDArray[np.float64]


class LinearLearner:
    """A linear model. It has no rounds."""

    needs_complete = True
    can_shard = False

    def losses(self, problem: Problem, settings: Hyperparameters) -> Iterator[float]:
        yield _fit(problem, settings).loss

    def fit(self, problem: Problem, settings: Hyperparameters, _checkpoints: Checkpoints) -> Fitted:
        fitted = _fit(problem, settings)
        log.info("metric name=validation_objective value=%.6f round=1", fitted.loss)
        return fitted


def _fit(problem: Problem, settings: Hyperparameters) -> "Weighed":
    train = problem.train
    mean = train.features.mean(axis=0, dtype=np.float64).astype(np.float32)
    deviation = train.features.std(axis=0, dtype=np.float64).astype(np.float32)
    # A feature that never varies is 0 after its mean is taken off, whatever it is divided by.
    scale = (1 / np.where(deviation > 0, deviation, 1)).astype(np.float32)
    standard = _standardised(train.features, mean, scale)
    if problem.is_regression:
        model = Ridge(alpha=settings["alpha"], max_iter=int(settings["max_iter"]), solver="cholesky")
    else:
        model = LogisticRegression(
            C=1 / settings["alpha"],
            max_iter=int(settings["max_iter"]),
            solver="lbfgs",
            random_state=int(settings["seed"]),
        )
    # More threads would add up in another order, and the last digits of the weights with them.
    with threadpool_limits(1):
        model.fit(standard, train.labels, sample_weight=train.weights)
    weights, starts = _by_score(model, problem)
    linear = Linear(mean, scale, weights.astype(np.float32), starts.astype(np.float32))
    stopping = problem.stopping
    predicted = _predicted(problem, linear.apply(stopping.features))
    return Weighed(linear, loss(problem.task, predicted, stopping.labels, stopping.weights))


def _by_score(model: Any, problem: Problem) -> tuple[Floats, Floats]:  # noqa: ANN401 - scikit-learn has no types
    """Weights [features, scores] and starts [scores]."""
    weights = np.atleast_2d(model.coef_).T
    starts = np.atleast_1d(model.intercept_)
    if problem.scores == weights.shape[1]:
        return weights, starts
    # A class without a training row is out of reach.
    whole = np.zeros((len(weights), problem.scores))
    begun = np.full(problem.scores, np.log(np.finfo(np.float32).eps))
    classes = model.classes_.astype(np.int64)
    if weights.shape[1] == 1:
        weights, starts = np.hstack([np.zeros_like(weights), weights]), np.array([0.0, starts[0]])
    whole[:, classes], begun[classes] = weights, starts
    return whole, begun


def _predicted(problem: Problem, scores: Floats) -> Floats:
    if problem.is_regression:
        return scores
    return sigmoid(scores) if problem.scores == 1 else softmax(scores)


def _standardised(features: Matrix, mean: Matrix, scale: Matrix) -> Matrix:
    return (features - mean) * scale


@dataclass(frozen=True)
class Linear:
    """
    Raw scores = ((features - mean) · scale) @ weights + starts; all float32, weights [features, scores].
    """

    mean: Matrix
    scale: Matrix
    weights: Matrix
    starts: Matrix

    @property
    def trees(self) -> tuple[int, int]:
        return 0, 0

    def apply(self, features: Matrix) -> Floats:
        """In float64, after the same float32 standardisation as in the graph."""
        standard = _standardised(features, self.mean, self.scale).astype(np.float64)
        return np.asarray(standard @ self.weights.astype(np.float64) + self.starts, np.float64)

    def attach(self, graph: FeatureGraph, features: str) -> str:
        means = graph.constant("feature_means", self.mean)
        scales = graph.constant("feature_scales", self.scale)
        centred = graph.node("Sub", [features, means], "centred_features")
        scaled = graph.node("Mul", [centred, scales], "standard_features")
        weighed = graph.node("MatMul", [scaled, graph.constant("weights", self.weights)], "weighed_features")
        return graph.node("Add", [weighed, graph.constant("starts", self.starts)], "raw_scores")

    def document(self) -> dict[str, Any]:
        return {
            "kind": "linear",
            "base": self.starts.tolist(),
            "mean": self.mean.tolist(),
            "scale": self.scale.tolist(),
            "weights": self.weights.tolist(),
        }


@dataclass(frozen=True)
class Weighed:
    """A fitted linear model."""

    scorer: Linear
    loss: float

    @property
    def history(self) -> dict[str, tuple[float, ...]]:
        return {}

    @property
    def best_round(self) -> int:
        return 0

    @property
    def importance(self) -> npt.NDArray[np.float64]:
        sizes = np.abs(self.scorer.weights.astype(np.float64)).sum(axis=1)
        return np.asarray(sizes / max(float(sizes.sum()), np.finfo(np.float64).tiny))

    def raw(self, features: Matrix) -> Floats:
        return self.scorer.apply(features)
