"""Metrics of a binary model on one part, as `metrics.json` states them."""

from typing import TypedDict

import numpy as np

from perennial_tabular.calibration import Floats, Labels

# A probability of exactly 0 or 1 would make the log loss infinite; float32 rounds to them.
LEAST = 1e-7


class PartMetrics(TypedDict):
    rows: int
    positives: int
    rocAuc: float
    averagePrecision: float
    brier: float
    brierSkill: float
    logLoss: float
    meanPrediction: float


def measure(predictions: Floats, labels: Labels, prevalence: float) -> PartMetrics:
    """Metrics of `predictions`; Brier skill is against always answering `prevalence`."""
    p, y = predictions.astype(np.float64), labels.astype(np.float64)
    brier, prior_brier = float(np.mean((p - y) ** 2)), float(np.mean((prevalence - y) ** 2))
    clipped = np.clip(p, LEAST, 1 - LEAST)
    return {
        "rows": len(labels),
        "positives": int(labels.sum()),
        "rocAuc": roc_auc(p, labels),
        "averagePrecision": average_precision(p, labels),
        "brier": brier,
        "brierSkill": 1 - brier / prior_brier,
        "logLoss": float(-np.mean(y * np.log(clipped) + (1 - y) * np.log(1 - clipped))),
        "meanPrediction": float(p.mean()),
    }


def roc_auc(scores: Floats, labels: Labels) -> float:
    """Probability that a positive scores above a negative, ties counted half."""
    _, place, counts = np.unique(scores, return_inverse=True, return_counts=True)
    # Mean rank of each distinct score, from 1.
    ranks = np.cumsum(counts) - (counts - 1) / 2
    positives = int(labels.sum())
    negatives = len(labels) - positives
    total = float(ranks[place][labels == 1].sum())
    return (total - positives * (positives + 1) / 2) / (positives * negatives)


def average_precision(scores: Floats, labels: Labels) -> float:
    """
    Mean of the precision over the positives, ties taken together: the step-wise area under precision
    and recall.
    """
    distinct, place = np.unique(-scores, return_inverse=True)
    hits = np.bincount(place, weights=labels, minlength=len(distinct))
    found, flagged = np.cumsum(hits), np.cumsum(np.bincount(place, minlength=len(distinct)))
    return float(np.sum(hits * found / flagged) / labels.sum())
