"""XGBoost in fixed chunks of rounds, so that a resumed training is the same as one that never stopped."""

import base64
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import xgboost

from perennial_tabular.algorithm import Hyperparameters
from perennial_tabular.checkpoints import Checkpoints
from perennial_tabular.learners.learner import Fitted, Problem, Scores
from perennial_tabular.learners.xgboost_rows import binned, labelled, margins, threads_for
from perennial_tabular.matrices import Matrix, pieces, release
from perennial_tabular.trees import LEAF, Forest, Tree

log = logging.getLogger(__name__)

# XGBoost's random numbers start anew with each chunk, from a seed of its own: where a training was
# interrupted leaves no trace. A booster goes from chunk to chunk as bytes for the same reason.
CHUNK_ROUNDS = 20
OWN_SETTINGS = ("num_round", "early_stopping_rounds", "seed")

OBJECTIVES: dict[str, dict[str, Any]] = {
    "binary": {"objective": "binary:logistic", "base_score": 0.5, "eval_metric": ["auc", "logloss"]},
    "multiclass": {"objective": "multi:softprob", "base_score": 0.0, "eval_metric": ["mlogloss"]},
    "regression": {"objective": "reg:squarederror", "base_score": 0.0, "eval_metric": ["mae", "rmse"]},
}
# XGBoost's names of metrics, and those of the run record. The last of each objective is the loss.
METRICS = {"auc": "rocAuc", "logloss": "logLoss", "mlogloss": "logLoss", "mae": "mae", "rmse": "rmse"}


@dataclass(frozen=True)
class Progress:
    """A training after some rounds: the booster's bytes and its metrics, round by round."""

    booster: bytes = b""
    history: dict[str, tuple[float, ...]] = field(default_factory=dict)
    loss: str = ""

    @property
    def losses(self) -> tuple[float, ...]:
        return self.history.get(self.loss, ())

    @property
    def rounds(self) -> int:
        return len(self.losses)

    @property
    def best_round(self) -> int:
        """The number of rounds with the least loss, the first of equals."""
        return int(np.argmin(self.losses)) + 1

    def is_finished(self, settings: Hyperparameters) -> bool:
        if self.rounds == 0:
            return False
        patience = self.rounds - self.best_round
        return self.rounds >= settings["num_round"] or patience >= settings["early_stopping_rounds"]

    def content(self) -> dict[str, Any]:
        return {
            "booster": base64.b64encode(self.booster).decode(),
            "history": {name: list(values) for name, values in self.history.items()},
        }

    @classmethod
    def of(cls, content: dict[str, Any] | None, loss: str) -> "Progress":
        if content is None:
            return cls(loss=loss)
        history = {name: tuple(values) for name, values in content["history"].items()}
        return cls(base64.b64decode(content["booster"]), history, loss)


class XGBoostLearner:
    """Gradient boosted trees by XGBoost."""

    needs_complete = False
    can_shard = True

    def losses(self, problem: Problem, settings: Hyperparameters) -> Iterator[float]:
        done = 0
        for progress in _chunks(problem, settings, Progress(loss=_loss_of(problem))):
            yield from progress.losses[done:]
            done = progress.rounds

    def fit(self, problem: Problem, settings: Hyperparameters, checkpoints: Checkpoints) -> Fitted:
        """
        Trains until `num_round`, or until the loss of the stopping rows hasn't improved for
        `early_stopping_rounds`.
        """
        progress = Progress.of(checkpoints.latest(), _loss_of(problem))
        if progress.rounds:
            log.info("Resuming after %d rounds.", progress.rounds)
        for reached in _chunks(problem, settings, progress):
            _say(reached, progress.rounds, problem)
            checkpoints.save(reached.rounds, reached.content())
            progress = reached
        log.info("metric name=rounds value=%d", progress.best_round)
        return Boosted(_load(progress.booster)[: progress.best_round], problem.base, progress)


@dataclass(frozen=True)
class Boosted:
    """A trained booster without the rounds after the best, and how the training went."""

    booster: xgboost.Booster
    base: tuple[float, ...]
    progress: Progress

    @property
    def history(self) -> dict[str, tuple[float, ...]]:
        return self.progress.history

    @property
    def loss(self) -> float:
        return min(self.progress.losses)

    @property
    def best_round(self) -> int:
        return self.progress.best_round

    @cached_property
    def scorer(self) -> Forest:
        # The base is a margin of its own, rather than XGBoost's base_score: that one it stores as text.
        model = json.loads(bytes(self.booster.save_raw("json")))["learner"]["gradient_booster"]["model"]
        return Forest(self.base, tuple(map(_tree, model["trees"], model["tree_info"])), "<")

    @property
    def importance(self) -> npt.NDArray[np.float64]:
        gains = np.zeros(int(self.booster.num_features()))
        for name, gain in self.booster.get_score(importance_type="total_gain").items():
            gains[int(name.removeprefix("f"))] = gain
        return gains / max(float(gains.sum()), np.finfo(np.float64).tiny)

    def raw(self, features: Matrix) -> Scores:
        raw = np.empty((len(features), len(self.base)), np.float32)
        # Each row's score is its own: in pieces, because XGBoost's copy is larger than what it is given.
        for piece in pieces(len(features)):
            rows = features[piece]
            matrix = xgboost.DMatrix(
                rows, base_margin=margins(self.base, len(rows)), nthread=threads_for(len(features))
            )
            raw[piece] = self.booster.predict(matrix, output_margin=True).reshape(-1, len(self.base))
            release(features)
        return raw


def _loss_of(problem: Problem) -> str:
    metrics = OBJECTIVES[problem.task.kind]["eval_metric"]
    return f"validation/{METRICS[metrics[-1]]}"


def _chunks(problem: Problem, settings: Hyperparameters, progress: Progress) -> Iterator[Progress]:
    """The training after each further chunk of rounds, until it is finished."""
    if progress.is_finished(settings):
        return
    threads = threads_for(len(problem.train.labels))
    parameters = {name: value for name, value in settings.items() if name not in OWN_SETTINGS}
    parameters |= OBJECTIVES[problem.task.kind] | {"tree_method": "hist", "nthread": threads}
    if problem.task.kind == "multiclass":
        parameters["num_class"] = problem.scores
    rows = binned(problem, int(settings["max_bin"]), threads)
    judged = xgboost.DMatrix(problem.stopping.features, **labelled(problem.stopping, problem.base, threads))
    while not progress.is_finished(settings):
        chunk = parameters | {"seed": int(settings["seed"]) + progress.rounds // CHUNK_ROUNDS}
        rounds = min(CHUNK_ROUNDS, int(settings["num_round"]) - progress.rounds)
        progress = _boost_chunk(progress, chunk, rounds, rows, judged)
        yield progress


def _boost_chunk(
    progress: Progress,
    parameters: dict[str, Any],
    rounds: int,
    rows: xgboost.DMatrix,
    judged: xgboost.DMatrix,
) -> Progress:
    measured: dict[str, dict[str, list[float]]] = {}
    booster = xgboost.train(
        parameters,
        rows,
        rounds,
        evals=[(rows, "train"), (judged, "validation")],
        evals_result=measured,
        verbose_eval=False,
        xgb_model=_load(progress.booster) if progress.booster else None,
    )
    history = {
        f"{part}/{METRICS[name]}": (*progress.history.get(f"{part}/{METRICS[name]}", ()), *values)
        for part, metrics in measured.items()
        for name, values in metrics.items()
    }
    return Progress(bytes(booster.save_raw("ubj")), history, progress.loss)


def _say(reached: Progress, before: int, problem: Problem) -> None:
    """
    What CloudWatch and tuning jobs read: the objective of each round, the other metrics after each chunk.
    """
    for place, value in enumerate(reached.losses[before:], before + 1):
        log.info("metric name=validation_objective value=%.6f round=%d", value, place)
    for name in OBJECTIVES[problem.task.kind]["eval_metric"]:
        for part in ("train", "validation"):
            value = reached.history[f"{part}/{METRICS[name]}"][-1]
            log.info("metric name=%s_%s value=%.6f round=%d", part, name, value, reached.rounds)


def _load(content: bytes) -> xgboost.Booster:
    booster = xgboost.Booster()
    booster.load_model(bytearray(content))
    return booster


def _tree(raw: dict[str, Any], output: int) -> Tree:
    left, right = raw["left_children"], raw["right_children"]
    is_leaf = [child == LEAF for child in left]
    # XGBoost keeps a leaf's value where a split keeps its threshold, each the shortest text of a float32.
    values = np.array(raw["split_conditions"], np.float32).tolist()
    return Tree(
        feature=[0 if leaf else index for leaf, index in zip(is_leaf, raw["split_indices"], strict=True)],
        threshold=[0.0 if leaf else value for leaf, value in zip(is_leaf, values, strict=True)],
        left=list(left),
        right=list(right),
        missing_left=[
            not leaf and bool(value) for leaf, value in zip(is_leaf, raw["default_left"], strict=True)
        ],
        leaf=[value if leaf else 0.0 for leaf, value in zip(is_leaf, values, strict=True)],
        cover=np.array(raw["sum_hessian"], np.float32).tolist(),
        outputs=(output,),
    )
