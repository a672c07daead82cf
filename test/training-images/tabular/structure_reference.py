"""Raw scores from `structure.json`, slow and plain: what an explanation has to add up to."""

import math
from typing import Any

import numpy as np


def raw_scores_by_hand(structure: dict[str, Any], features: Any) -> list[float]:  # noqa: ANN401 - a row of float32
    """The raw scores of one row of features, in float64."""
    row = [float(value) for value in features]
    if structure["imputed"] is not None:
        filled = zip(row, structure["imputed"], strict=True)
        row = [stand_in if math.isnan(value) else value for value, stand_in in filled]
    totals = [float(base) for base in structure["base"]]
    if structure["kind"] == "linear":
        for place, value in enumerate(row):
            # The graph standardises in float32.
            standard = (np.float32(value) - np.float32(structure["mean"][place])) * np.float32(
                structure["scale"][place]
            )
            for score, weight in enumerate(structure["weights"][place]):
                totals[score] += float(standard) * weight
        return totals
    assert structure["kind"] == "trees"  # noqa: S101
    for tree in structure["trees"]:
        node = 0
        while tree["left"][node] != -1:
            node = tree["left" if _is_left(structure, tree, node, row) else "right"][node]
        for place, score in enumerate(tree["outputs"]):
            totals[score] += tree["leaf"][node * len(tree["outputs"]) + place]
    return totals


def _is_left(structure: dict[str, Any], tree: dict[str, Any], node: int, row: list[float]) -> bool:
    value, threshold = row[tree["feature"][node]], tree["threshold"][node]
    if math.isnan(value):
        return bool(tree["missing_left"][node])
    return bool(value < threshold if structure["comparison"] == "<" else value <= threshold)
