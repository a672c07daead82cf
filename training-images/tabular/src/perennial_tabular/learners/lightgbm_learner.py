"""LightGBM. A fit that is interrupted starts anew: its random numbers can't be taken up in the middle."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from perennial_tabular.algorithm import Hyperparameters
from perennial_tabular.checkpoints import Checkpoints
from perennial_tabular.faults import Fault, InvalidInput
from perennial_tabular.learners.learner import Fitted, Labelled, Problem, Scores
from perennial_tabular.matrices import Matrix
from perennial_tabular.trees import LEAF, Forest, Tree, float32_below

try:
    import lightgbm
except OSError as error:  # The wheel holds LightGBM and not the OpenMP library it is linked to.
    raise InvalidInput(
        "spec.json",
        [
            Fault(
                "algorithms",
                f"lightgbm can't be loaded: {error}; install the system's OpenMP library (on Debian and "
                "Ubuntu the package libgomp1, on macOS libomp) or choose another algorithm",
            )
        ],
    ) from error

log = logging.getLogger(__name__)

OWN_SETTINGS = ("num_iterations", "early_stopping_round", "seed")
# The same trees on every machine: one thread, and no choice of layout by measuring.
FIXED = {"num_threads": 1, "deterministic": True, "force_row_wise": True, "verbosity": -1}
OBJECTIVES: dict[str, dict[str, Any]] = {
    "binary": {"objective": "binary", "metric": ["binary_logloss"]},
    "multiclass": {"objective": "multiclass", "metric": ["multi_logloss"]},
    "regression": {"objective": "regression", "metric": ["rmse"]},
}


class LightGBMLearner:
    """Gradient boosted trees by LightGBM."""

    needs_complete = False
    can_shard = False

    def losses(self, problem: Problem, settings: Hyperparameters) -> Iterator[float]:
        for _, _, validation in _rounds(problem, settings):
            yield validation

    def fit(self, problem: Problem, settings: Hyperparameters, _checkpoints: Checkpoints) -> Fitted:
        """
        Trains until `num_iterations`, or until the loss of the stopping rows hasn't improved for
        `early_stopping_round`.
        """
        train: list[float] = []
        validation: list[float] = []
        booster = None
        for booster, train_loss, loss in _rounds(problem, settings):  # noqa: B007 - the last one is kept
            train.append(train_loss)
            validation.append(loss)
            log.info("metric name=validation_objective value=%.6f round=%d", loss, len(validation))
            if len(validation) - 1 - int(np.argmin(validation)) >= settings["early_stopping_round"]:
                break
        best = int(np.argmin(validation)) + 1
        log.info("metric name=rounds value=%d", best)
        name = "rmse" if problem.is_regression else "logLoss"
        history = {f"train/{name}": tuple(train), f"validation/{name}": tuple(validation)}
        return Boosted(booster, problem.base, best, history, min(validation))


def _rounds(problem: Problem, settings: Hyperparameters) -> Iterator[tuple[Any, float, float]]:
    """The booster and its losses on training and stopping rows after each round."""
    parameters = {name: value for name, value in settings.items() if name not in OWN_SETTINGS}
    parameters |= FIXED | OBJECTIVES[problem.task.kind] | {"seed": int(settings["seed"]), "bagging_freq": 1}
    if problem.task.kind == "multiclass":
        parameters["num_class"] = problem.scores
    rows = _dataset(problem.train, problem, parameters)
    booster = lightgbm.Booster(parameters, rows)
    booster.add_valid(_dataset(problem.stopping, problem, parameters, rows), "validation")
    for _ in range(int(settings["num_iterations"])):
        # Without a split that gains there is nothing left to learn.
        if booster.update():
            break
        yield booster, booster.eval_train()[0][2], booster.eval_valid()[0][2]


def _dataset(rows: Labelled, problem: Problem, parameters: dict[str, Any], reference: Any = None) -> Any:  # noqa: ANN401 - LightGBM's own
    base = np.tile(np.array(problem.base, np.float64), (len(rows.labels), 1))
    return lightgbm.Dataset(
        rows.features,
        rows.labels,
        weight=rows.weights,
        init_score=base if problem.scores > 1 else base[:, 0],
        reference=reference,
        params=parameters,
        free_raw_data=True,
    ).construct()


@dataclass(frozen=True)
class Boosted:
    """A trained booster; `best_round` of its rounds are kept."""

    booster: Any
    base: tuple[float, ...]
    best_round: int
    history: dict[str, tuple[float, ...]]
    loss: float

    @cached_property
    def scorer(self) -> Forest:
        dumped = self.booster.dump_model(num_iteration=self.best_round)["tree_info"]
        trees = (_tree(raw["tree_structure"], place % len(self.base)) for place, raw in enumerate(dumped))
        return Forest(self.base, tuple(trees), "<=")

    @property
    def importance(self) -> npt.NDArray[np.float64]:
        gains = self.booster.feature_importance("gain", iteration=self.best_round).astype(np.float64)
        return np.asarray(gains / max(float(gains.sum()), np.finfo(np.float64).tiny))

    def raw(self, features: Matrix) -> Scores:
        raw = self.booster.predict(
            features, num_iteration=self.best_round, raw_score=True, num_threads=FIXED["num_threads"]
        )
        scored: Scores = raw.reshape(len(features), -1) + np.array(self.base)
        return scored


def _tree(root: dict[str, Any], output: int) -> Tree:
    tree = Tree([], [], [], [], [], [], [], (output,))
    _grow(tree, root)
    return tree


def _grow(tree: Tree, raw: dict[str, Any]) -> int:
    """Adds the node and all below it; answers with its number."""
    node = len(tree.feature)
    is_leaf = "leaf_value" in raw
    threshold = 0.0 if is_leaf else float32_below(raw["threshold"])
    tree.feature.append(0 if is_leaf else raw["split_feature"])
    tree.threshold.append(threshold)
    tree.left.append(LEAF)
    tree.right.append(LEAF)
    tree.missing_left.append(not is_leaf and _is_missing_left(raw, threshold))
    tree.leaf.append(float(np.float32(raw["leaf_value"])) if is_leaf else 0.0)
    tree.cover.append(float(raw.get("leaf_count", raw.get("internal_count", 0))))
    if not is_leaf:
        tree.left[node] = _grow(tree, raw["left_child"])
        tree.right[node] = _grow(tree, raw["right_child"])
    return node


def _is_missing_left(raw: dict[str, Any], threshold: float) -> bool:
    # A feature that was never missing in training takes a missing value for 0.
    return bool(raw["default_left"]) if raw["missing_type"] == "NaN" else threshold >= 0
