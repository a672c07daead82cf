"""The rows of all parts as one table: key, group, part, label and the record as a caller would send it."""

import duckdb

from perennial_tabular.faults import Fault, InvalidInput
from perennial_tabular.source_checks import described
from perennial_tabular.spec import PARTS, Column, Spec
from perennial_tabular.split import part_of
from perennial_tabular.sql import identifier, literal, literals

SQL_TYPES = {"category": "VARCHAR", "code": "VARCHAR", "integer": "BIGINT", "number": "DOUBLE"}


def derive_columns(connection: duckdb.DuckDBPyConnection, spec: Spec) -> None:
    """
    Makes the table `enriched` of `source` by `features.sql`.

    Raises:
        InvalidInput: the SQL fails, loses or repeats rows, or its columns aren't those of the source and
        the derived ones.
    """
    subject = "features.sql"
    try:
        connection.execute(f"CREATE OR REPLACE TABLE enriched AS {spec.features_sql}")
    except duckdb.Error as error:
        raise InvalidInput(subject, [Fault("", str(error).splitlines()[0])]) from error
    given = [row[0] for row in connection.execute("DESCRIBE enriched").fetchall()]
    expected = [*spec.source_names, *spec.derived]
    faults = [
        *(Fault(name, "the query must return this column") for name in expected if name not in given),
        *(
            Fault(name, "neither a column of the source nor in the spec's `derived`")
            for name in given
            if name not in expected
        ),
    ]
    if not faults:
        faults = [*_row_faults(connection, spec), *_derived_faults(connection, spec)]
    if faults:
        raise InvalidInput(subject, faults)


def _row_faults(connection: duckdb.DuckDBPyConnection, spec: Spec) -> list[Fault]:
    key = identifier(spec.key)
    counts = f"count(*), count(DISTINCT {key})"
    before = connection.execute(f"SELECT {counts} FROM source").fetchone()
    after = connection.execute(f"SELECT {counts} FROM enriched").fetchone()
    if before == after or before is None or after is None:
        return []
    return [
        Fault("", f"given {before[0]} rows, returns {after[0]} with {after[1]} keys; expected each row once")
    ]


def _derived_faults(connection: duckdb.DuckDBPyConnection, spec: Spec) -> list[Fault]:
    faults = []
    for column in spec.derived.values():
        number = f"try_cast({identifier(column.name)} AS DOUBLE)"
        right = f"{number} BETWEEN {column.min!r} AND {column.max!r}"
        if column.type == "integer":
            right += f" AND {number} = floor({number})"
        query = (
            f"SELECT count(*), min({identifier(spec.key)}) FROM enriched "
            f"WHERE {identifier(column.name)} IS NOT NULL AND NOT coalesce({right}, false)"
        )
        count, key = connection.execute(query).fetchone() or (0, None)
        if count:
            faults.append(
                Fault(column.name, f"{count} rows, the first {spec.key} {key}; expected {described(column)}")
            )
    return faults


def deal_parts(connection: duckdb.DuckDBPyConnection, spec: Spec) -> None:
    """Makes the table `parts` (key, group, part, label, record) of `enriched`, without the excluded rows."""
    kept = f"WHERE {exclusion_reason(spec)} IS NULL" if spec.exclusions else ""
    positive = literals(spec.task["positive"])
    connection.execute(
        f"""
        CREATE OR REPLACE TABLE parts AS
        SELECT
          {identifier(spec.key)} AS "key",
          {identifier(spec.group)} AS "group",
          {part_of(spec)} AS part,
          CAST({identifier(spec.target)} IN {positive} AS TINYINT) AS label,
          {_record(spec)} AS record
        FROM enriched {kept}
        ORDER BY "key"
        """
    )


def exclusion_reason(spec: Spec) -> str:
    """SQL for the reason why a row is excluded, the first that holds; NULL where none does."""
    cases = [
        f"WHEN {identifier(rule.column)} IN {literals(rule.levels)} THEN {literal(rule.reason)}"
        for rule in spec.exclusions
    ]
    return f"CASE {' '.join(cases)} END"


def _record(spec: Spec) -> str:
    fields = [(name, _typed(column)) for name, column in spec.columns.items()]
    # The outcome stands beside the record: no caller could send it.
    fields += [(name, identifier(name)) for name in spec.source["unused"] if name != spec.target]
    fields += [(name, _typed(column)) for name, column in spec.derived.items()]
    return "{" + ", ".join(f"{literal(name)}: {value}" for name, value in fields) + "}"


def _typed(column: Column) -> str:
    if column.is_text:
        return identifier(column.name)
    # By way of a double, so that "3.0" is the integer 3.
    return f"CAST(CAST({identifier(column.name)} AS DOUBLE) AS {SQL_TYPES[column.type]})"


# One row as one line of JSON: what is hashed, and what the sealed parts hold.
LINE = """to_json({'group': "group", 'label': label, 'record': record})"""


def part_faults(connection: duckdb.DuckDBPyConnection, spec: Spec) -> list[Fault]:
    """Too few rows, or a part without both classes."""
    rows = connection.execute("SELECT count(*), count(*) FILTER (WHERE label = 1) FROM parts").fetchone() or (
        0,
        0,
    )
    least = spec.source["minRows"]
    faults = []
    if rows[0] < least:
        faults.append(
            Fault("rows", f"{rows[0]} remain after exclusions; expected at least {least} (source.minRows)")
        )
    if rows[1] in (0, rows[0]):
        only = "positive" if rows[1] else "negative"
        faults.append(Fault(spec.target, f"every row is {only}; a model needs both classes"))
        return faults
    counted = connection.execute(
        "SELECT part, count(*), count(*) FILTER (WHERE label = 1) FROM parts GROUP BY part"
    ).fetchall()
    counts = {part: (total, positive) for part, total, positive in counted}
    for part in PARTS:
        total, positive = counts.get(part, (0, 0))
        if positive in (0, total):
            faults.append(
                Fault(part, f"{total} rows, {positive} of them positive; expected both classes in every part")
            )
    return faults
