"""Checks for rows that stand there twice: the same key, or the same in everything but the key."""

import duckdb

from perennial_tabular.data_gate.check import (
    MOST_EXAMPLES,
    MOST_QUOTED,
    Check,
    Example,
    rows_in_words,
    share_in_words,
)
from perennial_tabular.spec import Spec
from perennial_tabular.sql import identifier, numbers_of


def check_keys(connection: duckdb.DuckDBPyConnection, spec: Spec) -> Check:
    """Whether every key stands in one row of `source`."""
    key = identifier(spec.key)
    repeated = f"FROM source WHERE {key} IS NOT NULL GROUP BY {key} HAVING count(*) > 1"
    count, rows = numbers_of(
        connection, f"SELECT count(*), sum(times) FROM (SELECT count(*) AS times {repeated})"
    )
    if count == 0:
        return Check("keys", "passed", "every key stands in one row", spec.key, 0, 0)
    found = connection.execute(
        f"SELECT {key}, count(*) {repeated} ORDER BY {key} LIMIT {MOST_EXAMPLES}"
    ).fetchall()
    words = [f"{value} ({times} times)" for value, times in found[:MOST_QUOTED]]
    listed = ", ".join([*words, "…"] if count > len(words) else words)
    many = "1 key stands" if count == 1 else f"{count} keys stand"
    return Check(
        "keys",
        "failed",
        f"{many} in several rows, {rows} in all: {listed}; expected every key once; "
        "leave out the file or the rows that came twice",
        spec.key,
        count,
        0,
        tuple(Example(str(value), f"{times} times") for value, times in found),
        blocks=True,
    )


def check_duplicates(connection: duckdb.DuckDBPyConnection, spec: Spec) -> Check:
    """Whether few enough rows of `source` repeat another one in everything but the key."""
    limit = float(spec.checks["duplicateShare"])
    key = identifier(spec.key)
    others = ", ".join(identifier(name) for name in spec.source_names if name != spec.key)
    # By hash: whole rows of fifty texts would take the memory of the table once more.
    hashed = f"SELECT {key} AS key, hash({others}) AS content FROM source"
    rows, distinct = numbers_of(connection, f"SELECT count(*), count(DISTINCT content) FROM ({hashed})")
    repeats = rows - distinct
    share = repeats / rows if rows else 0.0
    if repeats <= limit * rows:
        finding = f"{rows_in_words(repeats, rows)} repeat another one in everything but {spec.key}"
        return Check("duplicates", "passed", finding, None, share, limit)
    found = connection.execute(
        f"SELECT key, first FROM (SELECT key, min(key) OVER (PARTITION BY content) AS first FROM ({hashed})) "
        f"WHERE key <> first ORDER BY key LIMIT {MOST_EXAMPLES}"
    ).fetchall()
    listed = ", ".join(f"{value} like {first}" for value, first in found[:MOST_QUOTED])
    return Check(
        "duplicates",
        "failed",
        f"{rows_in_words(repeats, rows)}, {share_in_words(share)}, repeat another one in everything but "
        f"{spec.key} ({listed}{', …' if repeats > MOST_QUOTED else ''}); expected at most "
        f"{share_in_words(limit)}; leave out what came twice, or raise checks.duplicateShare",
        None,
        share,
        limit,
        tuple(Example(str(value), f"like {first}") for value, first in found),
    )
