"""The latest state of each entity: what a prediction looks up."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb

from perennial_tabular.entity import Entity
from perennial_tabular.features import VALID_FROM, VALID_TO
from perennial_tabular.sql import identifier

FETCHED_ROWS = 10_000
NONE = "none.json"


def write_entity_states(
    connection: duckdb.DuckDBPyConnection, entities: tuple[Entity, ...], folder: Path
) -> None:
    """
    Writes `<entity>.jsonl.gz` for each of `entities`, in order of the keys, or `none.json` where there is
    none: so that the prefix is never empty.
    """
    for entity in entities:
        with (
            (folder / f"{entity.name}.jsonl.gz").open("wb") as file,
            # Neither name nor time: the same states are the same bytes.
            gzip.GzipFile("", "wb", 6, file, mtime=0) as sink,
        ):
            for state in latest_states(connection, entity):
                sink.write(f"{json.dumps(state, ensure_ascii=False)}\n".encode())
    if not entities:
        (folder / NONE).write_text("{}\n", "utf-8")


def latest_states(connection: duckdb.DuckDBPyConnection, entity: Entity) -> Iterator[dict[str, Any]]:
    """The states that nothing has followed, as the contract EntityState has them."""
    key = identifier(entity.key)
    columns = "".join(f", CAST({identifier(name)} AS DOUBLE)" for name in entity.columns)
    cursor = connection.execute(
        f"SELECT CAST({key} AS VARCHAR), {VALID_FROM}{columns} FROM {identifier(entity.name)} "
        f"WHERE {VALID_TO} IS NULL ORDER BY 1"
    )
    while rows := cursor.fetchmany(FETCHED_ROWS):
        for name, valid_from, *values in rows:
            yield {
                "key": name,
                "validFrom": _moment(valid_from),
                "columns": dict(zip(entity.columns, (_plain(value) for value in values), strict=True)),
            }


def _moment(value: object) -> str | float:
    """A number, or a day as ISO 8601 text, whichever type the query gives it."""
    return _plain(float(value)) or 0 if isinstance(value, int | float) else str(value)


def _plain(value: float | None) -> float | None:
    """A whole number without a point, as JSON writes it elsewhere."""
    return int(value) if value is not None and value == int(value) else value
