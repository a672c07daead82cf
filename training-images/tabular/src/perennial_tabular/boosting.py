"""XGBoost in fixed chunks of rounds, so that a resumed training is the same as one that never stopped."""

import logging
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import xgboost

from perennial_tabular.calibration import Labels
from perennial_tabular.checkpoints import Checkpoints, Progress
from perennial_tabular.hyperparameters import Hyperparameters

log = logging.getLogger(__name__)

# XGBoost's random numbers start anew with each chunk, from a seed of its own: where a training was
# interrupted leaves no trace. A booster goes from chunk to chunk as bytes for the same reason.
CHUNK_ROUNDS = 20
# One thread trains 60,000 rows as fast as two, doesn't suffer where the machine is shared, and leaves sums
# over threads out of the question. A workload of millions of rows would want more, always the same number.
THREADS = 1
OWN_SETTINGS = ("num_round", "early_stopping_rounds", "seed")

Matrix = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Labelled:
    """A feature matrix, float32 [rows, columns], and its labels [rows]."""

    features: Matrix
    labels: Labels


@dataclass(frozen=True)
class Boosted:
    """A trained booster without the rounds after the best, and how the training went."""

    booster: xgboost.Booster
    base: float
    rounds: int
    progress: Progress

    @property
    def best_round(self) -> int:
        """Number of rounds that the booster keeps."""
        return best_round(self.progress)

    def margins(self, features: Matrix) -> Matrix:
        """Log odds before calibration, float32 [rows]."""
        matrix = xgboost.DMatrix(
            features, base_margin=np.full(len(features), self.base, np.float32), nthread=THREADS
        )
        margins: Matrix = self.booster.predict(matrix, output_margin=True)
        return margins


def boost(
    train: Labelled, validation: Labelled, settings: Hyperparameters, checkpoints: Checkpoints
) -> Boosted:
    """
    Trains until `num_round`, or until the validation's log loss hasn't improved for
    `early_stopping_rounds`.
    """
    # The prior's log odds as a margin of their own, rather than XGBoost's base_score: that one it stores as
    # text.
    prior = train.labels.mean()
    base = float(np.float32(np.log(prior / (1 - prior))))
    parameters = {name: value for name, value in settings.items() if name not in OWN_SETTINGS} | {
        "objective": "binary:logistic",
        "base_score": 0.5,
        "eval_metric": ["auc", "logloss"],
        "tree_method": "hist",
        "nthread": THREADS,
    }
    rows = xgboost.QuantileDMatrix(
        train.features,
        train.labels,
        base_margin=np.full(len(train.labels), base, np.float32),
        max_bin=int(settings["max_bin"]),
        nthread=THREADS,
    )
    judged = xgboost.DMatrix(
        validation.features,
        validation.labels,
        base_margin=np.full(len(validation.labels), base, np.float32),
        nthread=THREADS,
    )
    progress = checkpoints.latest() or Progress(b"", (), ())
    if progress.rounds:
        log.info("Resuming after %d rounds.", progress.rounds)
    while not _is_finished(progress, settings):
        chunk = parameters | {"seed": int(settings["seed"]) + progress.rounds // CHUNK_ROUNDS}
        rounds = min(CHUNK_ROUNDS, int(settings["num_round"]) - progress.rounds)
        progress, train_log_loss = _boost_chunk(progress, chunk, rounds, rows, judged)
        checkpoints.save(progress)
        log.info("metric name=train_logloss value=%.6f round=%d", train_log_loss, progress.rounds)
        log.info("metric name=validation_auc value=%.6f round=%d", progress.auc[-1], progress.rounds)
        log.info("metric name=validation_logloss value=%.6f round=%d", progress.log_loss[-1], progress.rounds)
    best = best_round(progress)
    log.info("metric name=rounds value=%d", best)
    return Boosted(_load(progress.booster)[:best], base, progress.rounds, progress)


def best_round(progress: Progress) -> int:
    """The number of rounds with the least log loss, the first of equals."""
    return int(np.argmin(progress.log_loss)) + 1


def _is_finished(progress: Progress, settings: Hyperparameters) -> bool:
    if progress.rounds == 0:
        return False
    patience = progress.rounds - best_round(progress)
    return progress.rounds >= settings["num_round"] or patience >= settings["early_stopping_rounds"]


def _boost_chunk(
    progress: Progress,
    parameters: dict[str, object],
    rounds: int,
    rows: xgboost.QuantileDMatrix,
    judged: xgboost.DMatrix,
) -> tuple[Progress, float]:
    history: dict[str, dict[str, list[float]]] = {}
    booster = xgboost.train(
        parameters,
        rows,
        rounds,
        evals=[(rows, "train"), (judged, "validation")],
        evals_result=history,
        verbose_eval=False,
        xgb_model=_load(progress.booster) if progress.booster else None,
    )
    reached = Progress(
        bytes(booster.save_raw("ubj")),
        (*progress.log_loss, *history["validation"]["logloss"]),
        (*progress.auc, *history["validation"]["auc"]),
    )
    return reached, history["train"]["logloss"][-1]


def _load(content: bytes) -> xgboost.Booster:
    booster = xgboost.Booster()
    booster.load_model(bytearray(content))
    return booster
