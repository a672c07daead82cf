"""Metrics of a model on one part, as `metrics.json` states them."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from perennial_tabular.losses import loss
from perennial_tabular.task import RegressionTask, Task

Floats = npt.NDArray[np.floating]
Metrics = dict[str, Any]

# The metric that models are compared by, and whether more of it is better.
PRIMARY_METRICS: Mapping[str, tuple[str, bool]] = {
    "binary": ("rocAuc", True),
    "multiclass": ("rps", False),
    "regression": ("rmse", False),
}


def reference_of(task: Task, labels: Floats) -> tuple[float, ...]:
    """
    What always answering without a model would be, from the training part's labels: the share of positives,
    of each class, or the median.
    """
    if task.kind == "regression":
        return (float(np.median(labels)),)
    shares = [float(np.mean(labels == place)) for place in range(len(task.classes))]
    return (shares[1],) if task.kind == "binary" else tuple(shares)


def measure(task: Task, predictions: Floats, labels: Floats, reference: tuple[float, ...]) -> Metrics:
    """
    Metrics of `predictions`, [rows, columns] as the graph answers; skill is against always answering
    `reference`.
    """
    answered = predictions.astype(np.float64)
    if task.kind == "binary":
        return _binary(task, answered[:, 0], labels, reference[0])
    if task.kind == "multiclass":
        return _multiclass(task, answered, labels, np.array(reference))
    return _regression(task, answered, labels)


def _binary(task: Task, p: Floats, y: Floats, prevalence: float) -> Metrics:
    brier, prior_brier = float(np.mean((p - y) ** 2)), float(np.mean((prevalence - y) ** 2))
    return {
        "rows": len(y),
        "classRows": [int((y == 0).sum()), int((y == 1).sum())],
        "rocAuc": roc_auc(p, y),
        "averagePrecision": average_precision(p, y),
        "brier": brier,
        "brierSkill": 1 - brier / prior_brier,
        "logLoss": loss(task, p, y),
        "meanPrediction": float(p.mean()),
    }


def _multiclass(task: Task, p: Floats, y: Floats, shares: Floats) -> Metrics:
    rps = ranked_probability_score(p, y)
    prior = ranked_probability_score(np.tile(shares, (len(y), 1)), y)
    return {
        "rows": len(y),
        "classRows": [int((y == place).sum()) for place in range(p.shape[1])],
        "rps": rps,
        "rpsSkill": 1 - rps / prior,
        "logLoss": loss(task, p, y),
        "accuracy": float(np.mean(np.argmax(p, axis=1) == y)),
        "meanPrediction": [float(mean) for mean in p.mean(axis=0)],
    }


def _regression(task: RegressionTask, answered: Floats, y: Floats) -> Metrics:
    estimate, lower, upper = answered.T
    rmse = loss(task, estimate, y)
    deviation = float(y.std())
    return {
        "rows": len(y),
        "classRows": [],
        "rmse": rmse,
        "mae": float(np.mean(np.abs(estimate - y))),
        # Of labels that are all the same there is nothing to explain.
        "r2": 1 - (rmse / deviation) ** 2 if deviation else 0.0,
        "coverage": float(np.mean((lower <= y) & (y <= upper))),
        "meanWidth": float(np.mean(upper - lower)),
        "meanPrediction": float(estimate.mean()),
    }


def ranked_probability_score(p: Floats, labels: Floats) -> float:
    """Epstein 1969, over the classes' order, divided by their number less one; 0 is perfect."""
    classes = p.shape[1]
    hot = labels[:, None] == np.arange(classes)
    gaps = np.cumsum(p - hot, axis=1)[:, :-1]
    return float(np.mean(np.sum(gaps**2, axis=1)) / (classes - 1))


def roc_auc(scores: Floats, labels: Floats) -> float:
    """Probability that a positive scores above a negative, ties counted half."""
    _, place, counts = np.unique(scores, return_inverse=True, return_counts=True)
    # Mean rank of each distinct score, from 1.
    ranks = np.cumsum(counts) - (counts - 1) / 2
    positives = int(labels.sum())
    negatives = len(labels) - positives
    total = float(ranks[place][labels == 1].sum())
    return (total - positives * (positives + 1) / 2) / (positives * negatives)


def average_precision(scores: Floats, labels: Floats) -> float:
    """
    Mean of the precision over the positives, ties taken together: the step-wise area under precision
    and recall.
    """
    distinct, place = np.unique(-scores, return_inverse=True)
    hits = np.bincount(place, weights=labels, minlength=len(distinct))
    found, flagged = np.cumsum(hits), np.cumsum(np.bincount(place, minlength=len(distinct)))
    return float(np.sum(hits * found / flagged) / labels.sum())
