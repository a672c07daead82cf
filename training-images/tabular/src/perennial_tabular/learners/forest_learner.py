"""Random forests by scikit-learn. Raw scores are shares of the trees' votes, or their mean."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

from perennial_tabular.algorithm import Hyperparameters
from perennial_tabular.checkpoints import Checkpoints
from perennial_tabular.learners.learner import Fitted, Problem, Scores
from perennial_tabular.losses import loss
from perennial_tabular.matrices import Matrix
from perennial_tabular.trees import LEAF, Forest, Tree, float32_below

log = logging.getLogger(__name__)

THREADS = 2


class ForestLearner:
    """
    A random forest. It has no rounds, and scikit-learn's trees are exported for features that are never
    missing.
    """

    needs_complete = True
    can_shard = False

    def losses(self, problem: Problem, settings: Hyperparameters) -> Iterator[float]:
        yield _fit(problem, settings).loss

    def fit(self, problem: Problem, settings: Hyperparameters, _checkpoints: Checkpoints) -> Fitted:
        fitted = _fit(problem, settings)
        log.info("metric name=validation_objective value=%.6f round=1", fitted.loss)
        return fitted


def _fit(problem: Problem, settings: Hyperparameters) -> "Voting":
    given = {name: value for name, value in settings.items() if name != "seed"}
    # As a share: the number 1 would mean one feature.
    given["max_features"] = float(settings["max_features"])
    kind = RandomForestRegressor if problem.is_regression else RandomForestClassifier
    forest = kind(**given, random_state=int(settings["seed"]), n_jobs=THREADS)
    forest.fit(problem.train.features, problem.train.labels, sample_weight=problem.train.weights)
    # Each tree has a seed of its own, so threads don't change it; but they would add up votes in any order.
    forest.n_jobs = 1
    stopping = problem.stopping
    voting = Voting(forest, problem.scores, 0.0)
    found = loss(problem.task, voting.raw(stopping.features), stopping.labels, stopping.weights)
    return Voting(forest, problem.scores, found)


@dataclass(frozen=True)
class Voting:
    """A fitted forest. Of two classes the positive one's votes are the score."""

    forest: Any
    scores: int
    loss: float

    @property
    def history(self) -> dict[str, tuple[float, ...]]:
        return {}

    @property
    def best_round(self) -> int:
        return 0

    @cached_property
    def scorer(self) -> Forest:
        trees = tuple(_tree(one.tree_, self._votes(one.tree_)) for one in self.forest.estimators_)
        return Forest((0.0,) * self.scores, trees, "<=")

    @property
    def importance(self) -> npt.NDArray[np.float64]:
        return np.asarray(self.forest.feature_importances_, np.float64)

    def raw(self, features: Matrix) -> Scores:
        if self._is_regression:
            mean: Scores = self.forest.predict(features).reshape(-1, 1)
            return mean
        return self._by_class(self.forest.predict_proba(features))

    @property
    def _is_regression(self) -> bool:
        return isinstance(self.forest, RandomForestRegressor)

    def _votes(self, tree: Any) -> npt.NDArray[np.float64]:  # noqa: ANN401 - scikit-learn has no types
        """What each node adds to each score, [nodes, scores]."""
        values = tree.value[:, 0, :]
        votes = values if self._is_regression else self._by_class(values)
        return np.asarray(votes / len(self.forest.estimators_), np.float64)

    def _by_class(self, found: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Columns by class: a class without a training row has none in scikit-learn's answer."""
        classes = self.forest.classes_.astype(np.int64)
        whole = np.zeros((len(found), max(self.scores, 2)))
        whole[:, classes] = found
        return whole[:, 1:] if self.scores == 1 else whole


def _tree(raw: Any, votes: npt.NDArray[np.float64]) -> Tree:  # noqa: ANN401 - scikit-learn has no types
    is_leaf = raw.children_left == LEAF
    leaves = np.where(is_leaf[:, None], votes, 0).astype(np.float32)
    return Tree(
        feature=np.where(is_leaf, 0, raw.feature).tolist(),
        threshold=[
            0.0 if leaf else float32_below(value)
            for leaf, value in zip(is_leaf.tolist(), raw.threshold.tolist(), strict=True)
        ],
        left=raw.children_left.tolist(),
        right=raw.children_right.tolist(),
        missing_left=[False] * len(is_leaf),
        leaf=leaves.reshape(-1).tolist(),
        cover=raw.weighted_n_node_samples.tolist(),
        outputs=tuple(range(votes.shape[1])),
    )
