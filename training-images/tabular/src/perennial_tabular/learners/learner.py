"""The one interface of all algorithms: what they are given, and what they answer with."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from perennial_tabular.algorithm import Hyperparameters
from perennial_tabular.checkpoints import Checkpoints
from perennial_tabular.feature_graph import FeatureGraph
from perennial_tabular.matrices import Matrix
from perennial_tabular.rows import Labels
from perennial_tabular.task import Task

Scores = npt.NDArray[np.floating]


@dataclass(frozen=True)
class Labelled:
    """
    A feature matrix, float32 [rows, columns], its labels [rows] and, where rows count unequally, weights
    [rows].
    """

    features: Matrix
    labels: Labels
    weights: Labels | None = None

    def at(self, chosen: npt.NDArray[np.bool_]) -> "Labelled":
        """The rows that are chosen."""
        weights = None if self.weights is None else self.weights[chosen]
        return Labelled(self.features[chosen], self.labels[chosen], weights)


@dataclass(frozen=True)
class Problem:
    """
    Rows to learn from, and others that say when to stop. Every learner reads the same task in the same way:
    it answers with raw scores, one column, or for a multiclass task one per class.
    """

    task: Task
    train: Labelled
    stopping: Labelled
    base: tuple[float, ...]
    """What each score starts from: the prior's log odds, the log of each class's share, or the mean."""

    @property
    def scores(self) -> int:
        return len(self.base)

    @property
    def is_regression(self) -> bool:
        return self.task.kind == "regression"


def base_scores(task: Task, rows: Labelled) -> tuple[float, ...]:
    """The scores that predict `rows` best without a feature, each a float32 value."""
    weights = np.ones(len(rows.labels)) if rows.weights is None else rows.weights
    total = float(weights.sum())
    if task.kind == "regression":
        return (_float32(float(np.sum(weights * rows.labels)) / total),)
    shares = [float(weights[rows.labels == place].sum()) / total for place in range(len(task.classes))]
    if task.kind == "binary":
        return (_float32(np.log(shares[1] / shares[0])),)
    # A class that a fold has no row of still has a score.
    return tuple(_float32(np.log(max(share, 1 / (total + 1)))) for share in shares)


class Scorer(Protocol):
    """The part of a model that makes raw scores of features, as plain numbers."""

    @property
    def trees(self) -> tuple[int, int]:
        """Number of trees and depth of the deepest."""
        ...

    def attach(self, graph: FeatureGraph, features: str) -> str:
        """Adds its nodes to `graph` and answers with the name of the raw scores, float32 [rows, scores]."""
        ...

    def document(self) -> dict[str, Any]:
        """Its part of `structure.json`."""
        ...


class Fitted(Protocol):
    """A fitted model in the hands of the library that fitted it."""

    @property
    def scorer(self) -> Scorer: ...

    @property
    def history(self) -> dict[str, tuple[float, ...]]:
        """Metrics after each round, by name (`validation/logLoss`); empty where there are no rounds."""
        ...

    @property
    def loss(self) -> float:
        """Loss on the stopping rows of the model as it is kept; lower is better."""
        ...

    @property
    def best_round(self) -> int:
        """Rounds that are kept; 0 where there are none."""
        ...

    @property
    def importance(self) -> npt.NDArray[np.float64]:
        """Share of each feature in what the model learned, summing to 1."""
        ...

    def raw(self, features: Matrix) -> Scores:
        """Raw scores, [rows, scores], by the library itself: what the graph is compared with."""
        ...


class Learner(Protocol):
    """
    An algorithm. A later one joins by a module with a class like this, an entry in `LEARNERS` and its
    hyperparameters in the contract.
    """

    needs_complete: bool
    """
    Whether features must have no missing value: the median of the training rows then stands in, in the graph
    too.
    """
    can_shard: bool
    """Whether several machines can fit one model, each on its share of the rows."""

    def losses(self, problem: Problem, settings: Hyperparameters) -> Iterator[float]:
        """
        Loss on the stopping rows after each round, as long as it is asked for; once where there are no
        rounds.

        For a trial of a search, which may be stopped early.
        """
        ...

    def fit(self, problem: Problem, settings: Hyperparameters, checkpoints: Checkpoints, /) -> Fitted: ...


def _float32(value: float) -> float:
    return float(np.float32(value))
