"""Names and values inside SQL text, and the one way in which the jobs open DuckDB."""

from collections.abc import Iterable
from pathlib import Path

import duckdb

# Half of the smallest instance; what needs more goes to the disk.
MEMORY_LIMIT = "4GiB"


def connect(spill: Path | None = None) -> duckdb.DuckDBPyConnection:
    """
    An in-memory database that continues in the folder `spill` where memory ends; without one, it fails there.

    Two threads: the smallest training instance has them, and so has the build machine.
    """
    return duckdb.connect(
        ":memory:",
        config={
            "threads": 2,
            "memory_limit": MEMORY_LIMIT,
            "temp_directory": "" if spill is None else str(spill),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        },
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


def numbers_of(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[int, ...]:
    """The one row of counts that `query` answers with; a count over no row is 0."""
    return tuple(int(count or 0) for count in connection.execute(query).fetchone() or ())


def reason_of(error: duckdb.Error) -> str:
    """The first line of DuckDB's message: the rest repeats the query."""
    return str(error).splitlines()[0]
