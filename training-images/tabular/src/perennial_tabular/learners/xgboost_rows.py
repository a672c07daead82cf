"""Rows in the forms that XGBoost takes, in memory or in pages on the job's volume."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xgboost

from perennial_tabular.learners.learner import Labelled, Problem
from perennial_tabular.matrices import folder_of, pieces, release

# One thread trains 60,000 rows as fast as two, doesn't suffer where the machine is shared, and leaves sums
# over threads out of the question. Millions of rows want more: always the same number, whatever the machine
# has.
THREADS, MANY_THREADS, MANY_ROWS = 1, 4, 500_000


def binned(problem: Problem, bins: int, threads: int) -> xgboost.DMatrix:
    """
    The training rows as histograms need them: in memory or, where their matrix doesn't lie there either, in
    pages on the job's volume beside it.
    """
    folder = folder_of(problem.train.features)
    if folder is None:
        labels = labelled(problem.train, problem.base, threads)
        return xgboost.QuantileDMatrix(problem.train.features, **labels, max_bin=bins)
    pages = Pages(problem.train, problem.base, folder / "pages")
    return xgboost.ExtMemQuantileDMatrix(pages, max_bin=bins, nthread=threads)


class Pages(xgboost.DataIter):
    """
    Labelled rows for XGBoost's external memory, a piece at a time. The names of its files begin with `cache`.
    """

    def __init__(self, rows: Labelled, base: tuple[float, ...], cache: Path) -> None:
        super().__init__(cache_prefix=str(cache))
        self._rows, self._base = rows, base
        self._left = pieces(0)
        self.reset()

    def reset(self) -> None:
        self._left = pieces(len(self._rows.labels))

    def next(self, input_data: Callable[..., Any]) -> bool:
        piece = next(self._left, None)
        if piece is None:
            return False
        weights = self._rows.weights
        # A copy, so that the pages of the volume can be given back before XGBoost is done with it.
        features = np.array(self._rows.features[piece])
        release(self._rows.features)
        labels = self._rows.labels[piece]
        weight = None if weights is None else weights[piece]
        input_data(data=features, label=labels, weight=weight, base_margin=margins(self._base, len(labels)))
        return True


def labelled(rows: Labelled, base: tuple[float, ...], threads: int) -> dict[str, Any]:
    """What XGBoost is told beside the features."""
    return {
        "label": rows.labels,
        "weight": rows.weights,
        "base_margin": margins(base, len(rows.labels)),
        "nthread": threads,
    }


def margins(base: tuple[float, ...], rows: int) -> npt.NDArray[np.float32]:
    """The scores that every row starts from."""
    if len(base) == 1:
        return np.full(rows, base[0], np.float32)
    return np.tile(np.array(base, np.float32), (rows, 1))


def threads_for(rows: int) -> int:
    """How many threads handle so many rows."""
    return THREADS if rows < MANY_ROWS else MANY_THREADS
