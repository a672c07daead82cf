"""What every row of the source has to satisfy, checked in one pass over the table."""

from collections.abc import Iterator
from dataclasses import dataclass

import duckdb

from perennial_tabular.faults import Fault, shown
from perennial_tabular.spec import Column, Spec
from perennial_tabular.sql import identifier, literal, literals

EXAMPLES = 3
# DuckDB's own casts also take "inf", "nan" and "1_000", which no source means as numbers.
NUMBER = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"


@dataclass(frozen=True)
class Check:
    """Rows of `source` for which `broken` holds break what the column `name` is expected to be."""

    name: str
    broken: str
    expected: str


def check_source(connection: duckdb.DuckDBPyConnection, spec: Spec, absent: frozenset[str]) -> list[Fault]:
    """
    Every fault of the table `source` with the number of rows it concerns and the keys of the first.

    `absent` are columns that a file lacks; they are reported already.
    """
    checks = [check for check in _checks(spec) if check.name not in absent]
    if not checks:
        return []
    counting = ", ".join(f"count(*) FILTER (WHERE {check.broken})" for check in checks)
    counts = connection.execute(f"SELECT {counting} FROM source").fetchone() or ()
    faults = [
        _fault(connection, spec, check, count)
        for check, count in zip(checks, counts, strict=True)
        if count > 0
    ]
    if spec.key not in absent:
        faults += _repeated_keys(connection, spec)
    return faults


def integral(value: str) -> str:
    """SQL that is true where the text `value` is a whole number."""
    number = f"try_cast({value} AS DOUBLE)"
    return f"(regexp_full_match({value}, {literal(NUMBER)}) AND {number} = floor({number}))"


def _checks(spec: Spec) -> Iterator[Check]:
    for name in dict.fromkeys((spec.key, spec.source["time"], spec.group)):
        yield Check(name, f"{identifier(name)} IS NULL", "a value; it identifies or orders the rows")
    labels = [*spec.task["positive"], *spec.task["negative"]]
    target = identifier(spec.target)
    yield Check(
        spec.target, f"{target} IS NULL OR {target} NOT IN {literals(labels)}", f"one of {', '.join(labels)}"
    )
    for column in spec.columns.values():
        if column.required:
            yield Check(column.name, f"{identifier(column.name)} IS NULL", "a value; the column is required")
        yield from _value_checks(column)


def _value_checks(column: Column) -> Iterator[Check]:
    value = identifier(column.name)
    if column.type == "category":
        if column.closed:
            yield Check(
                column.name, f"{value} NOT IN {literals(column.levels)}", f"one of {', '.join(column.levels)}"
            )
    elif column.type == "code":
        broken = f"NOT regexp_full_match({value}, {literal(column.pattern)})"
        yield Check(column.name, broken, f"a code that matches {column.pattern}")
    else:
        right = (
            integral(value) if column.type == "integer" else f"regexp_full_match({value}, {literal(NUMBER)})"
        )
        inside = f"try_cast({value} AS DOUBLE) BETWEEN {column.min!r} AND {column.max!r}"
        # A text that isn't a number makes `inside` NULL, hence the coalesce.
        broken = f"{value} IS NOT NULL AND NOT coalesce({right} AND {inside}, false)"
        yield Check(column.name, broken, f"{described(column)}")


def described(column: Column) -> str:
    """The values that a numeric column may hold, in words."""
    kind = "a whole number" if column.type == "integer" else "a number"
    unit = f" {column.unit}" if column.unit else ""
    return f"{kind} from {column.min:g} to {column.max:g}{unit}"


def _fault(connection: duckdb.DuckDBPyConnection, spec: Spec, check: Check, count: int) -> Fault:
    key, value = identifier(spec.key), identifier(check.name)
    found = connection.execute(
        f"SELECT {key}, {value} FROM source WHERE {check.broken} ORDER BY {key}, {value} LIMIT {EXAMPLES}"
    ).fetchall()
    examples = ", ".join(f"{spec.key} {_key(row[0])} with {_value(row[1])}" for row in found)
    return Fault(check.name, f"{_rows(count)}: {examples}{_more(count)}; expected {check.expected}")


def _repeated_keys(connection: duckdb.DuckDBPyConnection, spec: Spec) -> list[Fault]:
    key = identifier(spec.key)
    repeated = connection.execute(
        f"SELECT {key}, count(*) FROM source WHERE {key} IS NOT NULL "
        f"GROUP BY {key} HAVING count(*) > 1 ORDER BY {key}"
    ).fetchall()
    if not repeated:
        return []
    examples = ", ".join(f"{value} ({times} times)" for value, times in repeated[:EXAMPLES])
    many = f"{len(repeated)} key{'' if len(repeated) == 1 else 's'} stand in several rows"
    return [Fault(spec.key, f"{many}: {examples}{_more(len(repeated))}; expected every key once")]


def _rows(count: int) -> str:
    return f"{count} row{'' if count == 1 else 's'}"


def _more(count: int) -> str:
    return ", …" if count > EXAMPLES else ""


def _key(key: str | None) -> str:
    return "(none)" if key is None else key


def _value(value: str | None) -> str:
    return "nothing" if value is None else shown(value)
