"""Features that are arithmetic on one or two numbers of a record: logs, ratios, differences, cycles."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from perennial_tabular.feature_columns import Combined, Cycle, FeatureColumns

if TYPE_CHECKING:
    from perennial_tabular.feature_graph import FeatureGraph


def arithmetic_blocks(graph: "FeatureGraph", columns: FeatureColumns) -> list[str]:
    """Adds their nodes to `graph` and answers with the names of the blocks, in the columns' order."""
    return [
        *([_logs(graph, columns.logs)] if columns.logs else []),
        *([_ratios(graph, columns.ratios)] if columns.ratios else []),
        *([_differences(graph, columns.differences)] if columns.differences else []),
        *([_cycles(graph, columns.cycles)] if columns.cycles else []),
    ]


def _logs(graph: "FeatureGraph", columns: Sequence[Combined]) -> str:
    picked = graph.picked("log_numbers", [column.places[0] for column in columns])
    shifted = graph.node("Add", [picked, graph.constant("log_one", np.array(1, np.float32))], "log_shifted")
    # The logarithm of 0 would be an infinity, which is neither a number nor missing.
    known = graph.node("Greater", [shifted, graph.constant("log_zero", np.array(0, np.float32))], "log_known")
    operands = graph.node("Where", [known, shifted, _nan(graph, "log_nan")], "log_operands")
    return graph.node("Log", [operands], "logs")


def _ratios(graph: "FeatureGraph", columns: Sequence[Combined]) -> str:
    numerators = graph.picked("numerators", [column.places[0] for column in columns])
    denominators = graph.picked("denominators", [column.places[1] for column in columns])
    zero = graph.constant("ratio_zero", np.array(0, np.float32))
    undefined = graph.node("Equal", [denominators, zero], "undefined_ratios")
    divisors = graph.node("Where", [undefined, _nan(graph, "ratio_nan"), denominators], "divisors")
    return graph.node("Div", [numerators, divisors], "ratios")


def _differences(graph: "FeatureGraph", columns: Sequence[Combined]) -> str:
    minuends = graph.picked("minuends", [column.places[0] for column in columns])
    subtrahends = graph.picked("subtrahends", [column.places[1] for column in columns])
    return graph.node("Sub", [minuends, subtrahends], "differences")


def _cycles(graph: "FeatureGraph", columns: Sequence[Cycle]) -> str:
    picked = graph.picked("cycle_numbers", [column.place for column in columns])
    offsets = graph.constant("cycle_offsets", np.array([column.offset for column in columns], np.float32))
    periods = graph.constant("cycle_periods", np.array([column.period for column in columns], np.float32))
    shifted = graph.node("Add", [picked, offsets], "cycle_shifted")
    # C's remainder is exact and has the sign of the dividend; a negative one lies a period too low.
    remainders = graph.node("Mod", [shifted, periods], "cycle_remainders", fmod=1)
    zero = graph.constant("cycle_zero", np.array(0, np.float32))
    is_low = graph.node("Less", [remainders, zero], "cycle_low")
    raised = graph.node("Add", [remainders, periods], "cycle_raised")
    return graph.node("Where", [is_low, raised, remainders], "cycles")


def _nan(graph: "FeatureGraph", name: str) -> str:
    return graph.constant(name, np.array(np.nan, np.float32))
