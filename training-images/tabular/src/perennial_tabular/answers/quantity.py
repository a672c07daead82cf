"""A quantity with a prediction interval: conformalized quantile regression on the estimate alone."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from perennial_tabular.answers.answer import PREDICTION, Floats, Predictions, float32
from perennial_tabular.feature_graph import FeatureGraph

# More rows don't sharpen two lines, and the linear program grows with them.
MOST_ROWS = 5000


@dataclass(frozen=True)
class Quantity:
    """
    Estimate, lower and upper end, held to [min, max].

    The ends are broken lines of the estimate: `lower` and `upper` hold the intercept, the slope, and by how
    much the slope changes above `knot`. So the interval's width follows the size of the estimate, above and
    below apart.
    """

    min: float
    max: float
    knot: float
    lower: tuple[float, float, float]
    upper: tuple[float, float, float]
    columns: int = 3

    def apply(self, raw: Floats) -> Predictions:
        estimate = np.clip(raw.astype(np.float64).reshape(-1), self.min, self.max)
        lower = np.minimum(np.maximum(self._end(estimate, self.lower), self.min), estimate)
        upper = np.maximum(np.minimum(self._end(estimate, self.upper), self.max), estimate)
        return np.stack([estimate, lower, upper], axis=1)

    def _end(self, estimate: Predictions, line: tuple[float, float, float]) -> Predictions:
        return np.asarray(line[0] + line[1] * estimate + line[2] * np.maximum(estimate - self.knot, 0))

    def attach(self, graph: FeatureGraph, raw: str) -> None:
        low = graph.constant("quantity_min", np.array(self.min, np.float32))
        high = graph.constant("quantity_max", np.array(self.max, np.float32))
        graph.node("Clip", [raw, low, high], "estimate")
        knot = graph.constant("interval_knot", np.array(self.knot, np.float32))
        graph.node("Sub", ["estimate", knot], "beyond_knot")
        graph.node("Relu", ["beyond_knot"], "hinge")
        graph.node("Concat", ["estimate", "hinge"], "interval_terms", axis=1)
        slopes = np.array([self.lower[1:], self.upper[1:]], np.float32).T
        graph.node("MatMul", ["interval_terms", graph.constant("interval_slopes", slopes)], "interval_sloped")
        starts = graph.constant("interval_starts", np.array([self.lower[0], self.upper[0]], np.float32))
        graph.node("Add", ["interval_sloped", starts], "interval_ends")
        graph.node("Clip", ["interval_ends", low, high], "interval_held")
        lower = graph.node("Gather", ["interval_held", graph.indices("lower_place", [0])], "lower", axis=1)
        upper = graph.node("Gather", ["interval_held", graph.indices("upper_place", [1])], "upper", axis=1)
        graph.node("Min", [lower, "estimate"], "lower_end")
        graph.node("Max", [upper, "estimate"], "upper_end")
        graph.node("Concat", ["estimate", "lower_end", "upper_end"], PREDICTION, axis=1)

    def document(self) -> dict[str, Any]:
        return {"link": "identity", "slope": [1.0], "intercept": [0.0]}


@dataclass(frozen=True)
class Outcomes:
    """Raw scores, [rows] or [rows, 1], and what came of them."""

    raw: Floats
    labels: Floats

    def with_(self, other: "Outcomes") -> "Outcomes":
        """These rows and those of `other`."""
        raw = [of.raw.reshape(len(of.labels), -1) for of in (self, other)]
        return Outcomes(np.concatenate(raw), np.concatenate([self.labels, other.labels]))


def fit_quantity(low: float, high: float, coverage: float, shape: Outcomes, level: Outcomes) -> Quantity:
    """
    An interval that holds `coverage` of the outcomes.

    Its shape, two quantiles as broken lines of the estimate, is fitted on the rows of `shape`. By how much
    both ends then move is decided by the rows of `level` alone, whose scores are of models that haven't seen
    them: that is what makes the coverage hold for rows like them (Romano, Patterson and Candès,
    Conformalized Quantile Regression, 2019; with scores out of fold, Vovk, Cross-conformal predictors, 2015).
    """
    low, high = _inside(low, high)
    estimates = np.clip(shape.raw.astype(np.float64).reshape(-1), low, high)
    knot = float32(np.median(estimates))
    step = max(1, -(-len(estimates) // MOST_ROWS))
    lines = [
        _quantile_line(estimates[::step], knot, shape.labels[::step], quantile)
        for quantile in ((1 - coverage) / 2, (1 + coverage) / 2)
    ]
    loose = Quantity(low, high, knot, lines[0], lines[1])
    held = np.clip(level.raw.astype(np.float64).reshape(-1), low, high)
    misses = np.maximum(
        loose._end(held, loose.lower) - level.labels, level.labels - loose._end(held, loose.upper)
    )
    rank = math.ceil(coverage * (len(misses) + 1))
    # With too few rows to promise the coverage, only the whole range does.
    margin = float(np.sort(misses)[rank - 1]) if rank <= len(misses) else high - low
    lower, upper = lines
    return Quantity(
        low,
        high,
        knot,
        (float32(lower[0] - margin), lower[1], lower[2]),
        (float32(upper[0] + margin), upper[1], upper[2]),
    )


def _inside(low: float, high: float) -> tuple[float, float]:
    """The outermost float32 values within the range: what is held to them is held to it."""
    lowest, highest = np.float32(low), np.float32(high)
    if lowest < low:
        lowest = np.nextafter(lowest, np.float32(np.inf))
    if highest > high:
        highest = np.nextafter(highest, np.float32(-np.inf))
    return float(lowest), float(highest)


def _quantile_line(
    estimates: Predictions, knot: float, labels: Floats, quantile: float
) -> tuple[float, float, float]:
    from sklearn.linear_model import QuantileRegressor

    terms = np.stack([estimates, np.maximum(estimates - knot, 0)], axis=1)
    fitted = QuantileRegressor(quantile=quantile, alpha=0, solver="highs").fit(terms, labels)
    slope, change = fitted.coef_
    return float32(fitted.intercept_), float32(slope), float32(change)
