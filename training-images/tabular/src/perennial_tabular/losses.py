"""The losses that models are stopped and compared by while they are fitted; lower is better."""

import numpy as np
import numpy.typing as npt

from perennial_tabular.task import Task

Floats = npt.NDArray[np.floating]
# A probability of exactly 0 or 1 would make the log loss infinite; float32 rounds to them.
LEAST = 1e-7

LOSS_NAMES = {"binary": "logLoss", "multiclass": "logLoss", "regression": "rmse"}


def loss(task: Task, predictions: Floats, labels: Floats, weights: Floats | None = None) -> float:
    """
    Log loss of probabilities, [rows] of the positive class or [rows, classes], or root mean squared error of
    estimates, [rows].
    """
    rows = np.ones(len(labels)) if weights is None else weights
    if task.kind == "regression":
        errors = (predictions.astype(np.float64).reshape(-1) - labels) ** 2
        return float(np.sqrt(np.sum(rows * errors) / rows.sum()))
    if task.kind == "binary":
        positive = predictions.astype(np.float64).reshape(-1)
        met = np.where(labels == 1, positive, 1 - positive)
    else:
        met = predictions[np.arange(len(labels)), labels.astype(np.int64)].astype(np.float64)
    return float(-np.sum(rows * np.log(np.clip(met, LEAST, 1))) / rows.sum())
