"""
Fitting: what the plan asks for is searched, fitted and compared, each with rows of its own; one model is
kept.
"""

import logging
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from perennial_tabular.answers.threshold import (
    out_of_fold_probabilities,
    threshold_for_f1,
    threshold_for_share,
)
from perennial_tabular.candidates import Candidate, Crew, Matrices, build, check_parity, fit_together
from perennial_tabular.checkpoints import Checkpoints
from perennial_tabular.feature_graph import FeatureGraph
from perennial_tabular.hyperparameters import Plan
from perennial_tabular.learners.learner import Labelled
from perennial_tabular.machines import Machines
from perennial_tabular.matrices import empty_matrix
from perennial_tabular.metrics import PRIMARY_METRICS, measure, reference_of
from perennial_tabular.model_graph import Runner, feature_model
from perennial_tabular.preparing import OPEN_PARTS
from perennial_tabular.rows import Places, PreparedRows
from perennial_tabular.search.search import search
from perennial_tabular.search.trial import Comparison, Trial
from perennial_tabular.spec import Part, Spec

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Trained:
    """A model and everything that describes it."""

    spec: Spec
    rows: PreparedRows
    kept: Candidate
    predictions: dict[Part, npt.NDArray[np.float32]]
    reference: tuple[float, ...]
    """What the training part answers without a model: share of positives, of each class, or the median."""
    threshold: float | None
    """Of a binary task; a probability at or above it is flagged."""
    comparison: Comparison | None
    """What was tried; None where there was only one thing to fit."""


# Parts whose feature matrices are looked at again after the training.
JUDGING_PARTS: tuple[Part, ...] = ("validation", "calibration")


def help_to_fit(
    spec: Spec, rows: PreparedRows, plan: Plan, checkpoints: Checkpoints, machines: Machines, spill: Path
) -> None:
    """What the machines do that don't write the model."""
    matrices, crew = _matrices(spec, rows, spill), Crew(machines, rows.key_places)
    fit_together(spec, plan.algorithms[0], matrices, checkpoints, crew)


def fit(
    spec: Spec, rows: PreparedRows, plan: Plan, checkpoints: Checkpoints, machines: Machines, spill: Path
) -> Trained:
    """
    Searches, fits, calibrates, exports and compares. What is too large for the memory lies in the folder
    `spill`.
    """
    matrices, crew = _matrices(spec, rows, spill), Crew(machines, rows.key_places)
    places = {part: rows.parts[part].group_places for part in OPEN_PARTS}
    log.info("metric name=features value=%d", matrices.train.features.shape[1])
    comparison = None
    if plan.searches:
        algorithms, train, validation = plan.algorithms, matrices.train, matrices.stopping
        comparison = search(spec, algorithms, train, validation, places["train"], checkpoints)
        plan = replace(plan, algorithms=(comparison.best,))
    if len(plan.algorithms) == 1:
        kept = build(spec, plan.algorithms[0], matrices, checkpoints, crew)
    else:
        kept, comparison = compare(spec, plan, matrices, places["validation"], checkpoints, crew)
    runner = Runner(kept.model)
    predictions = {part: runner.run(rows.parts[part].batch) for part in OPEN_PARTS}
    for part, labelled in zip(JUDGING_PARTS, (matrices.stopping, matrices.calibration), strict=True):
        expected = kept.answer.apply(kept.raw(labelled.features))
        check_parity(spec.task, part, expected, predictions[part])
    reference = reference_of(spec.task, matrices.train.labels)
    threshold = _threshold(spec, kept, matrices.calibration, places["calibration"])
    return Trained(spec, rows, kept, predictions, reference, threshold, comparison)


def _matrices(spec: Spec, rows: PreparedRows, spill: Path) -> Matrices:
    features = Runner(feature_model(FeatureGraph.of(spec)))

    def of(part: Part) -> Labelled:
        batch = rows.withheld if part == "train" else rows.parts[part].batch
        matrix = empty_matrix(len(batch), features.width, spill / f"{part}.float32")
        return Labelled(features.run(batch, matrix), rows.parts[part].labels)

    groups = rows.parts["train"].group_places
    return Matrices(of("train"), of("validation"), of("calibration"), groups)


def compare(
    spec: Spec, plan: Plan, rows: Matrices, places: Places, checkpoints: Checkpoints, crew: Crew
) -> tuple[Candidate, Comparison]:
    """
    Fits every algorithm and keeps the one that is best by the primary metric.

    The validation rows are halved by group: one half stops the trainings, the other, which no training has
    seen, compares them.
    """
    metric, is_higher_better = PRIMARY_METRICS[spec.task.kind]
    stops = places < 0.5
    halved = replace(rows, stopping=rows.stopping.at(stops))
    judges = rows.stopping.at(~stops)
    reference = reference_of(spec.task, rows.train.labels)
    candidates: list[Candidate] = []
    trials: list[Trial] = []
    for number, algorithm in enumerate(plan.algorithms):
        started = time.monotonic()
        candidate = build(spec, algorithm, halved, checkpoints.of(algorithm.kind), crew)
        answered = candidate.answer.apply(candidate.raw(judges.features)).reshape(len(judges.labels), -1)
        value = float(measure(spec.task, answered, judges.labels, reference)[metric])
        log.info("metric name=candidate_%s_%s value=%.6f", algorithm.kind, metric, value)
        candidates.append(candidate)
        trials.append(Trial(number, algorithm, "complete", (), value, None, time.monotonic() - started))
    comparison = Comparison.of(metric, trials, is_higher_better=is_higher_better)
    return candidates[comparison.best_number], comparison


def _threshold(spec: Spec, kept: Candidate, calibration: Labelled, places: Places) -> float | None:
    task = spec.task
    if task.kind != "binary":
        return None
    raw = kept.raw(calibration.features)
    probabilities = out_of_fold_probabilities(raw, calibration.labels, places)
    if task.flagged_share is not None:
        return threshold_for_share(probabilities, task.flagged_share)
    return threshold_for_f1(probabilities, calibration.labels)
