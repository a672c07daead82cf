"""How far the columns have moved from the last accepted files."""

import math
from collections.abc import Sequence
from typing import Any

from perennial_tabular.data_gate.check import MOST_EXAMPLES, MOST_QUOTED, Check, Example, share_in_words
from perennial_tabular.spec import Spec

# Added to every cell, so that one which is empty on one side doesn't make the index infinite.
SMOOTHING = 0.5


def check_drift(spec: Spec, columns: dict[str, Any], accepted: dict[str, Any] | None) -> Check:
    """Whether few enough columns have a population stability index above the limit."""
    limits = spec.checks["drift"]
    if accepted is None:
        return Check("drift", "not asked", "there are no accepted files to compare with", None)
    indexes = {
        name: index
        for name, counts in columns.items()
        if (index := _index_of(accepted["columns"].get(name), counts)) is not None
    }
    if not indexes:
        return Check("drift", "not asked", "the last accepted files have no column in common", None)
    worst = sorted(indexes.items(), key=lambda item: (-item[1], item[0]))
    moved = [(name, index) for name, index in worst if index > limits["psi"]]
    share = len(moved) / len(indexes)
    found = f"{len(moved)} of {len(indexes)} columns moved from the last accepted files"
    if share <= limits["share"]:
        name, index = worst[0]
        finding = f"{found}; the furthest is {name}, with an index of {index:.3f}"
        return Check("drift", "passed", finding, None, share, limits["share"])
    words = [f"{name} ({index:.2f})" for name, index in moved[:MOST_QUOTED]]
    listed = ", ".join([*words, "…"] if len(moved) > len(words) else words)
    finding = (
        f"{found} by an index above {limits['psi']:g}: {listed}; expected at most "
        f"{share_in_words(limits['share'])} of the columns; find out what changed at the source, or raise "
        "checks.drift"
    )
    examples = tuple(Example(name, f"{index:.3f}") for name, index in moved[:MOST_EXAMPLES])
    return Check("drift", "failed", finding, None, share, limits["share"], examples)


def stability_index(before: Sequence[int], after: Sequence[int]) -> float:
    """
    Population stability index of two sets of counts over the same cells: Σ (p - q) · ln(p / q).

    Siddiqi 2006, "Credit Risk Scorecards": below 0.1 nothing moved, above 0.25 much did.
    """
    expected, given = _shares(before), _shares(after)
    return math.fsum((p - q) * math.log(p / q) for p, q in zip(given, expected, strict=True))


def _shares(counts: Sequence[int]) -> list[float]:
    total = sum(counts) + SMOOTHING * len(counts)
    return [(count + SMOOTHING) / total for count in counts]


def _index_of(before: dict[str, Any] | None, after: dict[str, Any]) -> float | None:
    """The index of one column; None where the two were counted in other cells."""
    if before is None or before["kind"] != after["kind"]:
        return None
    if after["kind"] == "bins":
        if before["edges"] != after["edges"]:
            return None
        cells = [(before["missing"], after["missing"])]
        cells += zip(before["counts"], after["counts"], strict=True)
    else:
        levels = sorted(before["counts"].keys() | after["counts"].keys())
        cells = [(before[beside], after[beside]) for beside in ("missing", "unseen")]
        cells += [(before["counts"].get(level, 0), after["counts"].get(level, 0)) for level in levels]
    # A cell that is empty on both sides says nothing.
    filled = [cell for cell in cells if any(cell)]
    return stability_index([cell[0] for cell in filled], [cell[1] for cell in filled])
