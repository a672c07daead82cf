"""The one interface of all answers."""

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from perennial_tabular.feature_graph import FeatureGraph

Floats = npt.NDArray[np.floating]
Predictions = npt.NDArray[np.float64]

PREDICTION = "prediction"


class Answer(Protocol):
    """
    Makes predictions, [rows, columns], of raw scores, [rows, scores]: here in float64, for the comparison,
    and in the graph. Its constants are float32 values, as the graph holds them.
    """

    @property
    def columns(self) -> int:
        """Width of the predictions."""
        ...

    def apply(self, raw: Floats) -> Predictions: ...

    def attach(self, graph: FeatureGraph, raw: str) -> None:
        """Adds the nodes from the graph's value `raw` to its output `prediction`."""
        ...

    def document(self) -> dict[str, Any]:
        """How a raw score is read, as `structure.json` states it."""
        ...


def float32(value: float) -> float:
    """The float32 nearest to `value`."""
    return float(np.float32(value))
