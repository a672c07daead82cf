"""`baseline.json`: mergeable counts of each input over the training part, for the monitor."""

from collections import Counter
from typing import Any

import numpy as np
import numpy.typing as npt

from perennial_tabular.calibration import Floats
from perennial_tabular.spec import Column
from perennial_tabular.tensors import Batch, TensorLayout

MOST_BINS = 10
PREDICTION_BINS = 20


def baseline(batch: Batch, layout: TensorLayout, predictions: Floats) -> dict[str, Any]:
    """
    Counts of the rows of `batch` and of `predictions`.

    The predictions are those of rows the trees have not seen: live records are unseen too, and a model
    spreads its answers wider on its own training rows.
    """
    inputs: dict[str, Any] = {}
    for place, column in enumerate(layout.texts):
        inputs[column.name] = _levels(batch.strings[:, place].tolist(), column)
    for place, column in enumerate(layout.numbers):
        inputs[column.name] = _bins(batch.numbers[:, place])
    edges = np.linspace(0, 1, PREDICTION_BINS + 1)
    return {
        "rows": len(batch),
        "inputs": inputs,
        "predictions": np.histogram(predictions, edges)[0].tolist(),
    }


def _levels(texts: list[str], column: Column) -> dict[str, Any]:
    """A code counts by its category, the part before the point: single codes are too rare to compare."""
    is_code = column.type == "code"
    counted = Counter(text.split(".")[0] if is_code else text for text in texts)
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
