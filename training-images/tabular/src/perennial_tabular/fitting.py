"""Fitting a model: features, trees, calibration and threshold, each with rows of its own, as one graph."""

import logging
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from perennial_tabular.boosting import Boosted, Labelled, boost
from perennial_tabular.calibration import Platt, fit_platt, threshold_for
from perennial_tabular.checkpoints import Checkpoints
from perennial_tabular.feature_graph import FeatureGraph
from perennial_tabular.hyperparameters import Hyperparameters
from perennial_tabular.model_graph import Runner, complete_model, feature_model
from perennial_tabular.preparing import OPEN_PARTS
from perennial_tabular.rows import PreparedRows
from perennial_tabular.spec import Part, Spec
from perennial_tabular.trees import Forest

log = logging.getLogger(__name__)

# Largest difference between XGBoost and the graph that is float32 rounding and not a fault of the export.
PARITY = 1e-5


class ParityError(Exception):
    """The graph's predictions are not those of the trained model: a bug of the export."""


@dataclass(frozen=True)
class Trained:
    """A model and everything that describes it."""

    spec: Spec
    rows: PreparedRows
    settings: Hyperparameters
    graph: FeatureGraph
    boosted: Boosted
    forest: Forest
    calibration: Platt
    model: bytes
    predictions: dict[Part, npt.NDArray[np.float32]]
    threshold: float

    @property
    def prevalence(self) -> float:
        return float(self.rows.parts["train"].labels.mean())


def fit(spec: Spec, rows: PreparedRows, settings: Hyperparameters, checkpoints: Checkpoints) -> Trained:
    """Trains, calibrates and exports; each step has rows of its own."""
    features = Runner(feature_model(FeatureGraph.of(spec)))
    matrices = {part: features.run(rows.parts[part].batch) for part in ("validation", "calibration")}
    labels = {part: rows.parts[part].labels for part in OPEN_PARTS}
    log.info("metric name=features value=%d", matrices["validation"].shape[1])
    boosted = boost(
        Labelled(features.run(rows.withheld), labels["train"]),
        Labelled(matrices["validation"], labels["validation"]),
        settings,
        checkpoints,
    )
    calibration = fit_platt(boosted.margins(matrices["calibration"]), labels["calibration"])
    graph = FeatureGraph.of(spec)
    forest = Forest.of(boosted.booster, boosted.base)
    model = complete_model(graph, forest, calibration)
    runner = Runner(model)
    predictions = {part: runner.run(rows.parts[part].batch)[:, 0] for part in OPEN_PARTS}
    check_parity(calibration.apply(boosted.margins(matrices["validation"])), predictions["validation"])
    threshold = threshold_for(predictions["calibration"], spec.task["flaggedShare"])
    return Trained(spec, rows, settings, graph, boosted, forest, calibration, model, predictions, threshold)


def check_parity(expected: npt.NDArray[np.float64], given: npt.NDArray[np.float32]) -> None:
    """
    Compares the graph's predictions with those of the trained model.

    Raises:
        ParityError: they differ by more than 1e-5 in a row, or one is NaN.
    """
    difference = np.abs(expected - given)
    largest = float(difference.max())
    log.info("metric name=parity value=%.3g", largest)
    # Asked as "not within" so that NaN fails too.
    if not largest <= PARITY:
        row = int(np.argmax(np.where(np.isnan(difference), np.inf, difference)))
        raise ParityError(
            f"validation row {row}: the graph says {given[row]}, XGBoost {expected[row]}; limit {PARITY}"
        )
