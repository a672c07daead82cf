"""Reading the prepared rows as tensors and labels."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt

from perennial_tabular import contracts
from perennial_tabular.faults import Fault, InvalidInput
from perennial_tabular.preparing import OPEN_PARTS, SEAL, write_lines
from perennial_tabular.spec import Column, Part, Spec
from perennial_tabular.split import place_of
from perennial_tabular.sql import connect, identifier, literal, literals
from perennial_tabular.tensors import Batch, CodedStrings, Strings, TensorLayout

ROWS = "rows.parquet"
Labels = npt.NDArray[np.float64]
Places = npt.NDArray[np.float64]


@dataclass(frozen=True)
class PartRows:
    """Rows of one part in order of their key."""

    batch: Batch
    labels: Labels
    """0 or 1, the class's place in its order, or the quantity."""
    group_places: Places
    """
    Place of each row's group in [0, 1) by a hash: rows of one group share it, so that folds keep them
    together.
    """


@dataclass(frozen=True)
class PreparedRows:
    """What the prepare job left for this one."""

    document: dict[str, Any]
    parts: dict[Part, PartRows]
    withheld: Batch
    """The training rows once more, with derived columns withheld in a share of them."""
    key_places: Places
    """Place of each training row's key in [0, 1) by a hash."""


def read_prepared(folder: Path, spec: Spec, layout: TensorLayout) -> PreparedRows:
    """
    Reads the channel `prepared`.

    Raises:
        InvalidInput: files are missing, of another spec or workload, or not the rows that `prepared.json`
        states.
    """
    missing = [name for name in (SEAL, ROWS) if not (folder / name).is_file()]
    if missing:
        raise InvalidInput(
            "channel prepared", [Fault(name, "expected this file, given none") for name in missing]
        )
    try:
        document: dict[str, Any] = json.loads((folder / SEAL).read_text("utf-8"))
    except ValueError as error:
        raise InvalidInput(SEAL, [Fault("", f"expected JSON in UTF-8: {error}")]) from error
    contracts.check("prepared", document, SEAL)
    if document["specSha256"] != spec.sha256:
        raise InvalidInput(
            SEAL,
            [
                Fault(
                    "specSha256",
                    f"the rows were prepared with spec {document['specSha256']}, the job has {spec.sha256}",
                )
            ],
        )
    with connect() as connection:
        try:
            # Not a table: texts of all rows would take more memory than everything that is made of them.
            connection.execute(
                f"CREATE VIEW parts AS SELECT * FROM read_parquet({literal(str(folder / ROWS))})"
            )
        except duckdb.Error as error:
            raise InvalidInput("channel prepared", [Fault(ROWS, str(error).splitlines()[0])]) from error
        # That they lie in order of their key is part of it: the lines are hashed as they lie.
        faults = [
            Fault(part, f"its rows hash to {found}, {SEAL} says {document['parts'][part]['sha256']}")
            for part in OPEN_PARTS
            if (found := write_lines(connection, part, None)) != document["parts"][part]["sha256"]
        ]
        if faults:
            raise InvalidInput(f"channel prepared, {ROWS}", faults)
        parts = {part: _read_part(connection, part, layout, spec) for part in OPEN_PARTS}
        places = _key_places(connection, spec)
        withheld = _withhold(places, parts["train"].batch, layout)
    return PreparedRows(document, parts, withheld, places)


def _read_part(
    connection: duckdb.DuckDBPyConnection, part: Part, layout: TensorLayout, spec: Spec
) -> PartRows:
    texts = [_texts(connection, part, column, f"texts_{place}") for place, column in enumerate(layout.texts)]
    coded = [
        f"enum_code(CAST({_value(column)} AS texts_{place}))" for place, column in enumerate(layout.texts)
    ]
    columns = [*coded, *map(_value, layout.numbers)]
    selected = ", ".join(f"{value} AS c{place}" for place, value in enumerate(columns))
    salted = literal(f"{spec.salt}:folds:")
    found = connection.execute(
        f"""
        SELECT label, {place_of(f'{salted} || "group"')} AS place, {selected}
        FROM parts WHERE part = {literal(part)}
        """
    ).fetchnumpy()
    rows = len(found["label"])
    places = tuple(np.asarray(found[f"c{place}"]) for place in range(len(coded)))
    numbers = np.empty((rows, len(layout.numbers)), np.float32)
    for place in range(len(layout.numbers)):
        numbers[:, place] = found[f"c{len(coded) + place}"]
    return PartRows(
        Batch(CodedStrings(tuple(texts), places, rows), numbers),
        np.asarray(found["label"], np.float64),
        np.asarray(found["place"]),
    )


def _texts(connection: duckdb.DuckDBPyConnection, part: Part, column: Column, name: str) -> Strings:
    """The texts that the part's rows hold in the column; `name` becomes the type whose members they are."""
    query = f"SELECT DISTINCT {_value(column)} AS text FROM parts WHERE part = {literal(part)} ORDER BY text"
    texts = [text for (text,) in connection.execute(query).fetchall()]
    # A type has at least one member, also where a part has no row.
    texts = texts or [""]
    connection.execute(f"DROP TYPE IF EXISTS {name}; CREATE TYPE {name} AS ENUM {literals(texts)}")
    return np.array(texts, object)


def _value(column: Column) -> str:
    value = f"record.{identifier(column.name)}"
    if column.is_text:
        return f"coalesce({value}, '')"
    if column.type == "date":
        value = f"date_diff('day', DATE '1970-01-01', CAST({value} AS DATE))"
    # A float32 is what the graph takes.
    return f"coalesce(CAST(CAST({value} AS DOUBLE) AS FLOAT), 'nan'::FLOAT)"


def _key_places(connection: duckdb.DuckDBPyConnection, spec: Spec) -> Places:
    place = place_of(f'{literal(f"{spec.salt}:withheld:")} || "key"')
    found = connection.execute(f"SELECT {place} AS place FROM parts WHERE part = 'train'").fetchnumpy()
    return np.asarray(found["place"])


def _withhold(places: Places, batch: Batch, layout: TensorLayout) -> Batch:
    """
    The training rows as callers without a look-up of history would send some of them.

    A row's place in [0, 1) comes from its key alone, so that all derived columns of equal share are withheld
    together: a caller has the history or hasn't. Validation and calibration keep theirs, because the holdout
    does, and because the calibration is to hold for complete records.
    """
    numbers = batch.numbers.copy()
    for index, column in enumerate(layout.numbers):
        if column.withheld_share is not None:
            numbers[places < column.withheld_share, index] = np.nan
    return Batch(batch.strings, numbers)
