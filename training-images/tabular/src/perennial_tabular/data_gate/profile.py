"""The columns of `profile.json`: mergeable counts, for comparison with the next files."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import duckdb

from perennial_tabular.column import Column
from perennial_tabular.spec import Spec
from perennial_tabular.sql import identifier, numbers_of
from perennial_tabular.task import RegressionTask

BINS = 10

ColumnCounts = dict[str, Any]


def column_counts(
    connection: duckdb.DuckDBPyConnection, spec: Spec, accepted: dict[str, Any] | None
) -> dict[str, ColumnCounts]:
    """
    Counts of every column that the model may read, and of the outcome, over the table `parts`.

    Numbers are counted in the bins of the `accepted` profile where it has them: only then can counts be
    compared and added up.
    """
    before: dict[str, ColumnCounts] = {} if accepted is None else accepted["columns"]
    counts: dict[str, ColumnCounts] = {}
    for name, column in spec.readable.items():
        value = f"record.{identifier(name)}"
        if column.is_text:
            counts[name] = _levels(connection, column, value)
        else:
            counts[name] = _bins(connection, _number(column, value), before.get(name))
    if isinstance(spec.task, RegressionTask):
        counts[spec.target] = _bins(connection, "label", before.get(spec.target))
    else:
        rows = dict(connection.execute("SELECT label, count(*) FROM parts GROUP BY label").fetchall())
        classes = {one.name: rows.get(place, 0) for place, one in enumerate(spec.task.classes)}
        counts[spec.target] = {"kind": "levels", "counts": classes, "missing": 0, "unseen": 0}
    return counts


def _levels(connection: duckdb.DuckDBPyConnection, column: Column, value: str) -> ColumnCounts:
    """A code counts by its category, the part before the point: single codes are too rare to compare."""
    level = f"split_part({value}, '.', 1)" if column.type == "code" else value
    counted = dict(
        connection.execute(f"SELECT {level} AS level, count(*) FROM parts GROUP BY level").fetchall()
    )
    missing = counted.pop(None, 0)
    known = sorted(counted) if column.type == "code" else column.levels
    counts = {name: counted.pop(name, 0) for name in known}
    return {"kind": "levels", "counts": counts, "missing": missing, "unseen": sum(counted.values())}


def _number(column: Column, value: str) -> str:
    if column.type == "date":
        return f"date_diff('day', DATE '1970-01-01', {value})"
    return value


def _bins(connection: duckdb.DuckDBPyConnection, value: str, before: ColumnCounts | None) -> ColumnCounts:
    if before is not None and before["kind"] == "bins" and before["edges"]:
        edges = [float(edge) for edge in before["edges"]]
    else:
        edges = _edges(connection, value)
    below = ", ".join(f"count(*) FILTER (WHERE {value} <= {edge!r})" for edge in edges)
    rows, present, *cumulative = numbers_of(
        connection, f"SELECT count(*), count({value}){', ' if below else ''}{below} FROM parts"
    )
    upto: Sequence[int] = [0, *cumulative, present]
    counts = [high - low for low, high in pairwise(upto)]
    return {"kind": "bins", "edges": edges, "counts": counts, "missing": rows - present}


def _edges(connection: duckdb.DuckDBPyConnection, value: str) -> list[float]:
    """Values that occur and cut the rows into about equal bins; none above which nothing lies."""
    shares = ", ".join(str(cut / BINS) for cut in range(1, BINS))
    quantiles, largest = connection.execute(
        f"SELECT quantile_disc(CAST({value} AS DOUBLE), [{shares}]), max({value}) FROM parts"
    ).fetchone() or (None, None)
    if quantiles is None:
        return []
    return [edge for edge in sorted(set(quantiles)) if edge < largest] or [float(largest)]
