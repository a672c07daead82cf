"""The rows of all parts as one table: key, group, part, label and the record as a caller would send it."""

from typing import Any

import duckdb

from perennial_tabular.column import Column
from perennial_tabular.spec import Spec
from perennial_tabular.split import part_of
from perennial_tabular.sql import identifier, literal, literals
from perennial_tabular.task import RegressionTask

SQL_TYPES = {
    "category": "VARCHAR",
    "code": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "date": "DATE",
}

# One row as one line of JSON: what is hashed, and what the sealed parts hold. A date becomes ISO text.
LINE = """to_json({'group': "group", 'label': label, 'record': record})"""


def deal_parts(connection: duckdb.DuckDBPyConnection, spec: Spec) -> None:
    """
    Makes the table `parts` (key, group, part, label, record) of `enriched`, without the excluded rows, in
    order of the key.
    """
    kept = f"WHERE {_exclusion_reason(spec)} IS NULL" if spec.exclusions else ""
    connection.execute(
        f"""
        CREATE OR REPLACE TABLE parts AS
        SELECT
          {identifier(spec.key)} AS "key",
          {identifier(spec.group)} AS "group",
          {part_of(spec)} AS part,
          {_label(spec)} AS label,
          {_record(spec)} AS record
        FROM enriched {kept}
        ORDER BY "key"
        """
    )


def count_excluded(connection: duckdb.DuckDBPyConnection, spec: Spec) -> list[dict[str, Any]]:
    """Each reason with the number of rows of `enriched` that it excludes: the first that holds counts."""
    if not spec.exclusions:
        return []
    counted = dict(
        connection.execute(
            f"SELECT {_exclusion_reason(spec)} AS reason, count(*) FROM enriched GROUP BY reason"
        ).fetchall()
    )
    reasons = dict.fromkeys(rule.reason for rule in spec.exclusions)
    return [{"reason": reason, "rows": counted.get(reason, 0)} for reason in reasons]


def _exclusion_reason(spec: Spec) -> str:
    """SQL for the reason why a row is excluded, the first that holds; NULL where none does."""
    cases = [
        f"WHEN {identifier(rule.column)} IN {literals(rule.levels)} THEN {literal(rule.reason)}"
        for rule in spec.exclusions
    ]
    return f"CASE {' '.join(cases)} END"


def _label(spec: Spec) -> str:
    """SQL for the class's place in the task's classes (negative 0, positive 1), or the quantity."""
    target = identifier(spec.target)
    if isinstance(spec.task, RegressionTask):
        return f"CAST({target} AS DOUBLE)"
    cases = [
        f"WHEN {target} IN {literals(one.levels)} THEN {place}" for place, one in enumerate(spec.task.classes)
    ]
    return f"CAST(CASE {' '.join(cases)} END AS TINYINT)"


def _record(spec: Spec) -> str:
    fields = [(name, _typed(column)) for name, column in spec.columns.items()]
    # The outcome stands beside the record: no caller could send it.
    fields += [(name, identifier(name)) for name in spec.source["unused"] if name != spec.target]
    fields += [(name, _typed(column)) for name, column in spec.derived.items()]
    return "{" + ", ".join(f"{literal(name)}: {value}" for name, value in fields) + "}"


def _typed(column: Column) -> str:
    value = identifier(column.name)
    if column.is_text:
        return value
    if column.type == "date":
        return f"try_cast({value} AS DATE)"
    # By way of a double, so that "3.0" is the integer 3. What can't be cast, the data gate found already.
    return f"try_cast(try_cast({value} AS DOUBLE) AS {SQL_TYPES[column.type]})"
