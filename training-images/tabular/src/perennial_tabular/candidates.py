"""One algorithm's model from matrices to a checked graph."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np
import numpy.typing as npt

from perennial_tabular.algorithm import Algorithm
from perennial_tabular.answers.answer import Answer, Predictions
from perennial_tabular.answers.classes import fit_classes
from perennial_tabular.answers.probability import fit_probability
from perennial_tabular.answers.quantity import Outcomes, fit_quantity
from perennial_tabular.checkpoints import Checkpoints
from perennial_tabular.feature_graph import FeatureGraph
from perennial_tabular.imbalance import balanced, weighted
from perennial_tabular.imputation import Imputation
from perennial_tabular.learners import learner_of
from perennial_tabular.learners.learner import Fitted, Labelled, Problem, Scores, base_scores
from perennial_tabular.machines import Machines, SharedCheckpoints
from perennial_tabular.matrices import Matrix
from perennial_tabular.model_graph import complete_model
from perennial_tabular.rows import Places
from perennial_tabular.spec import Spec
from perennial_tabular.task import RegressionTask, Task

log = logging.getLogger(__name__)

# Largest difference between the library that fitted a model and its graph that is float32 rounding and not a
# fault of the export: of probabilities as it is, of a quantity in shares of its size.
PARITY = 1e-5


# Rows from which on chance moves an interval's coverage by less than half a point.
ENOUGH_ROWS = 5000
FOLDS = 5


class ParityError(Exception):
    """The graph's predictions are not those of the fitted model: a bug of the export."""


@dataclass(frozen=True)
class Matrices:
    """What a model is made with: each step has rows of its own."""

    train: Labelled
    stopping: Labelled
    """Say when to stop, and give a quantity's interval its shape."""
    calibration: Labelled
    """Calibrate probabilities, or say how wide an interval has to be; where they are few, its shape too."""
    groups: Places
    """Places of the training rows' groups, by which folds keep them together."""


@dataclass(frozen=True)
class Candidate:
    """A fitted, calibrated and exported model."""

    algorithm: Algorithm
    fitted: Fitted
    imputation: Imputation | None
    answer: Answer
    graph: FeatureGraph
    model: bytes

    def raw(self, features: Matrix) -> Scores:
        """Raw scores by the library that fitted the model."""
        return self.fitted.raw(self.imputation.apply(features) if self.imputation else features)


def problem_of(
    spec: Spec, algorithm: Algorithm, train: Labelled, stopping: Labelled
) -> tuple[Problem, Imputation | None]:
    """
    The rows as the algorithm takes them: complete where it needs that, and balanced where the spec asks for
    it.
    """
    imputation = None
    if learner_of(algorithm.kind).needs_complete or spec.imbalance == "smote":
        imputation = Imputation.of(train.features)
        train = Labelled(imputation.apply(train.features), train.labels, train.weights)
        stopping = Labelled(imputation.apply(stopping.features), stopping.labels, stopping.weights)
    if spec.imbalance != "none" and spec.task.kind != "regression":
        train = balanced(train, spec.imbalance, int(algorithm.hyperparameters["seed"]))
        stopping = weighted(stopping)
    return Problem(spec.task, train, stopping, base_scores(spec.task, train)), imputation


@dataclass(frozen=True)
class Crew:
    """The machines that fit, and the places of the training rows' keys, by which the rows are theirs."""

    machines: Machines
    places: Places


def fit_together(
    spec: Spec, algorithm: Algorithm, rows: Matrices, checkpoints: Checkpoints, crew: Crew
) -> tuple[Fitted, Imputation | None]:
    """What every machine of the job does: its share of one fit. All of them end up with the same model."""
    problem, imputation = problem_of(spec, algorithm, rows.train, rows.stopping)
    own = replace(problem, train=crew.machines.share(problem.train, crew.places))
    with crew.machines.joined():
        shared = SharedCheckpoints(checkpoints, crew.machines)
        return learner_of(algorithm.kind).fit(own, algorithm.hyperparameters, shared), imputation


def build(
    spec: Spec, algorithm: Algorithm, rows: Matrices, checkpoints: Checkpoints, crew: Crew
) -> Candidate:
    """Fits, calibrates and exports."""
    fitted, imputation = fit_together(spec, algorithm, rows, checkpoints, crew)
    shape = _outcomes(fitted, imputation, rows.stopping)
    level = _outcomes(fitted, imputation, rows.calibration)
    has_few = len(level.labels) < ENOUGH_ROWS and not crew.machines.are_several
    if spec.task.kind == "regression" and has_few:
        # A few hundred rows leave the coverage to chance, two points to either side. The training rows are
        # many, and the models of the folds haven't seen them.
        shape, level = shape.with_(level), out_of_fold(spec, algorithm, rows, checkpoints, crew)
    answer = _answer(spec.task, shape, level)
    graph = FeatureGraph.of(spec)
    model = complete_model(graph, imputation, fitted.scorer, answer)
    return Candidate(algorithm, fitted, imputation, answer, graph, model)


def _outcomes(fitted: Fitted, imputation: Imputation | None, rows: Labelled) -> Outcomes:
    features = imputation.apply(rows.features) if imputation else rows.features
    return Outcomes(fitted.raw(features), rows.labels)


def out_of_fold(
    spec: Spec, algorithm: Algorithm, rows: Matrices, checkpoints: Checkpoints, crew: Crew
) -> Outcomes:
    """
    The training rows by models fitted without them and stopped by the same rows as the one that is kept.

    Rows of which something is withheld are left out: intervals are to hold for complete records.
    """
    shares = [column.withheld_share or 0 for column in spec.derived.values()]
    is_complete = crew.places >= max(shares, default=0)
    folds = (rows.groups * FOLDS).astype(np.int64)
    judged: list[Outcomes] = []
    for fold in range(FOLDS):
        log.info("Fitting without fold %d of %d, for the interval.", fold + 1, FOLDS)
        learned, left_out = rows.train.at(folds != fold), rows.train.at((folds == fold) & is_complete)
        problem, imputation = problem_of(spec, algorithm, learned, rows.stopping)
        own = checkpoints.of(f"fold-{fold}-of-{checkpoints.series}")
        with _unheard():
            fitted = learner_of(algorithm.kind).fit(problem, algorithm.hyperparameters, own)
        judged.append(_outcomes(fitted, imputation, left_out))
    return reduce(Outcomes.with_, judged)


@contextmanager
def _unheard() -> Iterator[None]:
    """The rounds of a fold aren't the model's: who reads the log for metrics would take them for it."""
    learners = logging.getLogger(learner_of.__module__)
    before = learners.level
    learners.setLevel(logging.WARNING)
    try:
        yield
    finally:
        learners.setLevel(before)


def _answer(task: Task, shape: Outcomes, level: Outcomes) -> Answer:
    if task.kind == "binary":
        return fit_probability(level.raw, level.labels)
    if task.kind == "multiclass":
        return fit_classes(level.raw, level.labels)
    return fit_quantity(task.min, task.max, task.coverage, shape, level)


def check_parity(task: Task, part: str, expected: Predictions, given: npt.NDArray[np.float32]) -> None:
    """
    Compares the graph's predictions, [rows, columns], with those of the fitted model.

    Raises:
        ParityError: they differ by more than 1e-5 in a row, or one is NaN.
    """
    wanted = expected.reshape(len(given), -1)
    size = np.maximum(np.abs(wanted), 1) if isinstance(task, RegressionTask) else 1.0
    difference = np.abs(wanted - given) / size
    largest = float(difference.max())
    log.info("metric name=parity value=%.3g", largest)
    # Asked as "not within" so that NaN fails too.
    if not largest <= PARITY:
        worst = int(np.argmax(np.where(np.isnan(difference), np.inf, difference).max(axis=1)))
        raise ParityError(
            f"{part} row {worst}: the graph says {given[worst].tolist()}, the fitted model "
            f"{wanted[worst].tolist()}; limit {PARITY}"
        )
