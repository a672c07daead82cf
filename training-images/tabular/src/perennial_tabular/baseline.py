"""`baseline.json`: mergeable counts of each input over the training part, for the monitor."""

from collections import Counter
from typing import Any

import numpy as np
import numpy.typing as npt

from perennial_tabular.answers.answer import Floats
from perennial_tabular.spec import Column
from perennial_tabular.task import Task
from perennial_tabular.tensors import Batch, TensorLayout

MOST_BINS = 10
PREDICTION_BINS = 20


def baseline(batch: Batch, layout: TensorLayout, task: Task, predictions: Floats) -> dict[str, Any]:
    """
    Counts of the rows of `batch` and of `predictions`, [rows, columns].

    The predictions are those of rows the model has not seen: live records are unseen too, and a model
    spreads its answers wider on its own training rows.
    """
    inputs: dict[str, Any] = {}
    for place, column in enumerate(layout.texts):
        inputs[column.name] = _levels(batch.texts_counted(place), column)
    for place, column in enumerate(layout.numbers):
        inputs[column.name] = _bins(batch.numbers[:, place])
    return {"rows": len(batch), "inputs": inputs, "predictions": _predictions(task, predictions)}


def _predictions(task: Task, predictions: Floats) -> list[dict[str, Any]]:
    low, high = (task.min, task.max) if task.kind == "regression" else (0, 1)
    edges = np.linspace(low, high, PREDICTION_BINS + 1)
    counted = []
    for name, column in zip(output_names(task), predictions.T, strict=True):
        # Held to the range: the float32 nearest to its end may lie beyond it.
        counts = np.histogram(np.clip(column.astype(np.float64), low, high), edges)[0].tolist()
        counted.append({"name": name, "min": low, "max": high, "counts": counts})
    return counted


def output_names(task: Task) -> list[str]:
    """Names of the columns of the graph's output."""
    if task.kind == "multiclass":
        return [one.name for one in task.classes]
    return ["probability"] if task.kind == "binary" else ["estimate", "lower", "upper"]


def _levels(texts: Counter[str], column: Column) -> dict[str, Any]:
    """A code counts by its category, the part before the point: single codes are too rare to compare."""
    is_code = column.type == "code"
    counted: Counter[str] = Counter()
    for text, rows in texts.items():
        counted[text.split(".")[0] if is_code else text] += rows
    missing = counted.pop("", 0)
    known = sorted(counted) if is_code else column.levels
    counts = {level: counted.pop(level, 0) for level in known}
    return {"kind": "levels", "counts": counts, "missing": missing, "unseen": sum(counted.values())}


def _bins(values: npt.NDArray[np.float32]) -> dict[str, Any]:
    """Bins of about equal counts; their edges are values that occur."""
    present = np.sort(values[~np.isnan(values)]).astype(np.float64)
    edges: list[float] = []
    if len(present):
        ranks = [len(present) * cut // MOST_BINS - 1 for cut in range(1, MOST_BINS)]
        edges = sorted({float(present[max(rank, 0)]) for rank in ranks})
        # Above the largest value nothing has been seen: an edge there would only split off an empty bin.
        edges = [edge for edge in edges if edge < present[-1]] or [float(present[-1])]
    places = np.searchsorted(edges, present, side="left")
    counts = np.bincount(places, minlength=len(edges) + 1).tolist()
    return {"kind": "bins", "edges": edges, "counts": counts, "missing": len(values) - len(present)}
