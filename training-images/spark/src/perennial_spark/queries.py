"""A workload's queries as its spec folder holds them, in Spark's dialect."""

import json
from dataclasses import dataclass
from pathlib import Path

import sqlglot
from sqlglot.errors import SqlglotError


class InvalidInput(Exception):
    """The job was given a spec, queries or files that their owner can correct."""


@dataclass(frozen=True)
class Workload:
    """What the job reads of a spec: columns, missing markers and queries, these in Spark's dialect."""

    name: str
    # Columns of a source file, and those of a row of the source.
    file_columns: tuple[str, ...]
    source_columns: tuple[str, ...]
    missing_markers: tuple[str, ...]
    rows: str | None
    # By name of the view, in the spec's order.
    entities: dict[str, str]
    features: str

    @classmethod
    def read(cls, folder: Path) -> "Workload":
        """
        Reads `spec.json` and the queries beside it. The spec has passed its contract before it came here.

        Raises:
            InvalidInput: a file is missing, or a query isn't SQL.
        """
        spec = json.loads(_text(folder / "spec.json"))
        source = spec["source"]
        columns = (*source["columns"], *source["unused"])
        has_rows = "rows" in source
        return cls(
            name=spec["name"],
            file_columns=tuple(source["rows"]["columns"]) if has_rows else columns,
            source_columns=columns,
            missing_markers=tuple(source["missingMarkers"]),
            rows=_query(folder / "rows.sql") if has_rows else None,
            entities={name: _query(folder / f"entities/{name}.sql") for name in spec["entities"]},
            features=_query(folder / "features.sql"),
        )


def translate(query: str) -> str:
    """
    `query`, written for DuckDB, as Spark reads it.

    Raises:
        SqlglotError: it isn't one statement of SQL.
    """
    (statement,) = sqlglot.transpile(
        query, read="duckdb", write="spark", error_level=sqlglot.ErrorLevel.RAISE
    )
    return statement


def _query(path: Path) -> str:
    try:
        return translate(_text(path))
    except (SqlglotError, ValueError) as error:
        raise InvalidInput(f"{path.name} can't be translated for Spark: {error}") from error


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except FileNotFoundError as error:
        raise InvalidInput(f"channel spec: expected {path.name}, given none") from error
