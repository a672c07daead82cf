"""Calibration, metrics, baseline counts and trees against slow definitions."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perennial_tabular.answers.probability import fit_probability
from perennial_tabular.answers.threshold import threshold_for_share
from perennial_tabular.baseline import baseline
from perennial_tabular.metrics import average_precision, measure, roc_auc
from perennial_tabular.spec import Column
from perennial_tabular.task import BinaryTask, TargetClass
from perennial_tabular.tensors import Batch, TensorLayout

NO, YES = TargetClass("negative", ("no",), 0.7), TargetClass("positive", ("yes",), 0.3)
BINARY = BinaryTask("outcome", (NO, YES), "it happens", 0.2, None)

SCORED = st.lists(st.tuples(st.integers(0, 8), st.booleans()), min_size=2, max_size=40).filter(
    lambda rows: len({label for _, label in rows}) == 2
)


def arrays(rows: list[tuple[int, bool]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([score / 8 for score, _ in rows]), np.array([label for _, label in rows], np.float64)


@settings(deadline=None)
@given(SCORED)
def test_the_auc_is_the_share_of_pairs_in_the_right_order_ties_half(rows: list[tuple[int, bool]]) -> None:
    pairs = [(high > low) + (high == low) / 2 for high, y in rows if y for low, x in rows if not x]
    assert roc_auc(*arrays(rows)) == pytest.approx(sum(pairs) / len(pairs), abs=1e-12)


@settings(deadline=None)
@given(SCORED)
def test_the_average_precision_is_the_precision_at_each_positive(rows: list[tuple[int, bool]]) -> None:
    precisions = []
    for score, label in rows:
        if label:
            flagged = [other for other_score, other in rows if other_score >= score]
            precisions.append(sum(flagged) / len(flagged))
    assert average_precision(*arrays(rows)) == pytest.approx(np.mean(precisions), abs=1e-12)


def test_the_metrics_of_three_rows_are_those_worked_out_by_hand() -> None:
    found = measure(BINARY, np.array([[0.5], [0.25], [0.75]]), np.array([1.0, 0, 0]), (0.25,))
    brier = (0.25 + 0.0625 + 0.5625) / 3
    assert found == {
        "rows": 3,
        "classRows": [2, 1],
        "rocAuc": 0.5,
        "averagePrecision": 0.5,
        "brier": pytest.approx(brier),
        "brierSkill": pytest.approx(1 - brier / ((0.5625 + 0.0625 + 0.0625) / 3)),
        "logLoss": pytest.approx(-(math.log(0.5) + math.log(0.75) + math.log(0.25)) / 3),
        "meanPrediction": 0.5,
    }


def test_the_log_loss_of_a_certain_and_wrong_prediction_is_finite() -> None:
    found = measure(BINARY, np.array([[0.0], [1.0]]), np.array([1.0, 0]), (0.5,))
    assert found["logLoss"] == pytest.approx(16.118, abs=1e-3)


@pytest.mark.parametrize(("slope", "intercept"), [(1.0, 0.0), (0.7, -0.4), (1.5, 1.0)])
def test_the_calibration_finds_the_line_that_the_labels_were_drawn_from(
    slope: float, intercept: float
) -> None:
    chance = np.random.default_rng(7)
    margins = chance.normal(-1, 1.5, 200_000).astype(np.float32)
    labels = (chance.random(len(margins)) < 1 / (1 + np.exp(-(slope * margins + intercept)))).astype(np.int8)
    fitted = fit_probability(margins, labels)
    assert (fitted.slope, fitted.intercept) == pytest.approx((slope, intercept), abs=0.03)
    assert float(fitted.apply(margins).mean()) == pytest.approx(float(labels.mean()), abs=1e-6)
    assert (fitted.slope, fitted.intercept) == (
        float(np.float32(fitted.slope)),
        float(np.float32(fitted.intercept)),
    )


def test_margins_that_are_all_the_same_are_moved_to_the_observed_rate() -> None:
    fitted = fit_probability(np.full(10, -0.5, np.float32), np.array([1, 1, 0, 0, 0, 0, 0, 0, 0, 0], np.int8))
    assert fitted.slope == 1
    assert float(fitted.apply(np.array([-0.5]))[0]) == pytest.approx(0.2, abs=1e-6)


@pytest.mark.parametrize(
    ("share", "threshold"), [(0.2, 0.9), (0.21, 0.8), (0.4, 0.8), (0.01, 1.0), (0.99, 0.1)]
)
def test_the_threshold_flags_at_least_the_share_and_no_more_than_it_takes(
    share: float, threshold: float
) -> None:
    predictions = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 0.8, 0.9, 1.0], np.float64)
    assert threshold_for_share(predictions, share) == threshold


def test_the_baseline_counts_levels_code_categories_bins_and_predictions() -> None:
    layout = TensorLayout(
        texts=(
            Column("color", "category", "", levels=("red", "green", "blue")),
            Column("code", "code", "", pattern=".*"),
        ),
        numbers=(
            Column("visits", "integer", ""),
            Column("empty", "number", ""),
            Column("same", "number", ""),
        ),
    )
    strings = np.array(
        [["red", "250.1"], ["red", "250"], ["", "V10"], ["violet", ""], ["green", "250.83"]], object
    )
    numbers = np.array(
        [[0, np.nan, 3], [0, np.nan, 3], [1, np.nan, 3], [7, np.nan, 3], [np.nan, np.nan, 3]], np.float32
    )
    predictions = np.array([[0.0], [0.04], [0.05], [0.999], [1.0]])
    assert baseline(Batch(strings, numbers), layout, BINARY, predictions) == {
        "rows": 5,
        "inputs": {
            "color": {
                "kind": "levels",
                "counts": {"red": 2, "green": 1, "blue": 0},
                "missing": 1,
                "unseen": 1,
            },
            "code": {"kind": "levels", "counts": {"250": 3, "V10": 1}, "missing": 1, "unseen": 0},
            "visits": {"kind": "bins", "edges": [0.0, 1.0], "counts": [2, 1, 1], "missing": 1},
            "empty": {"kind": "bins", "edges": [], "counts": [0], "missing": 5},
            "same": {"kind": "bins", "edges": [3.0], "counts": [5, 0], "missing": 0},
        },
        "predictions": [
            {"name": "probability", "min": 0, "max": 1, "counts": [2, 1, *[0] * 16, 0, 2]},
        ],
    }


@settings(deadline=None)
@given(st.lists(st.integers(0, 30), min_size=1, max_size=300))
def test_every_number_lies_in_one_bin_whose_edges_rise(values: list[int]) -> None:
    layout = TensorLayout(texts=(), numbers=(Column("visits", "integer", ""),))
    numbers = np.array(values, np.float32).reshape(-1, 1)
    batch = Batch(np.empty((len(values), 0), object), numbers)
    bins = baseline(batch, layout, BINARY, np.array([[0.5]]))["inputs"]["visits"]
    edges = bins["edges"]
    assert edges == sorted(set(edges))
    bounds = [-math.inf, *edges, math.inf]
    assert bins["counts"] == [sum(low < value <= high for value in values) for low, high in pairwise(bounds)]
