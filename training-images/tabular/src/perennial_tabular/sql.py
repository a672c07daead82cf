"""Names and values inside SQL text, and the one way in which the jobs open DuckDB."""

from collections.abc import Iterable

import duckdb


def connect() -> duckdb.DuckDBPyConnection:
    """
    An in-memory database. Two threads: the smallest training instance has them, and so has the build
    machine.
    """
    return duckdb.connect(
        ":memory:",
        config={"threads": 2, "autoinstall_known_extensions": False, "autoload_known_extensions": False},
    )


def identifier(name: str) -> str:
    """`name` as a quoted identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """`text` as a string literal."""
    return "'" + text.replace("'", "''") + "'"


def literals(texts: Iterable[str]) -> str:
    """`texts` as a parenthesised list of string literals."""
    return "(" + ", ".join(literal(text) for text in texts) + ")"
