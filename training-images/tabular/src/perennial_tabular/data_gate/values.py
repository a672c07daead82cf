"""Checks of single values: types, ranges, levels and what is missing, all in one pass over the table."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import duckdb

from perennial_tabular.column import Column, day_text
from perennial_tabular.data_gate.check import (
    Check,
    CheckName,
    examples_of,
    quoted,
    rows_in_words,
    share_in_words,
    summed_up,
)
from perennial_tabular.spec import PARTS, Spec
from perennial_tabular.sql import identifier, literal, literals, numbers_of
from perennial_tabular.task import RegressionTask

# DuckDB's own casts also take "inf", "nan" and "1_000", which no source means as numbers.
NUMBER = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"
DAY = r"\d{4}-\d{2}-\d{2}"

VALUE_CHECKS: tuple[CheckName, ...] = ("types", "ranges", "levels", "missing")


@dataclass(frozen=True)
class Rule:
    """Rows for which `broken` holds break what `column` is expected to be; a share up to `limit` may."""

    name: CheckName
    column: str
    broken: str
    expected: str
    limit: float = 0
    # SQL for the rows that the share is of.
    among: str = "true"
    blocks: bool = False


def check_source(connection: duckdb.DuckDBPyConnection, spec: Spec, absent: frozenset[str]) -> list[Check]:
    """Checks every value of the table `source`; `absent` are columns that a file lacks."""
    rules = [rule for rule in _source_rules(spec) if rule.column not in absent]
    failed = _failed(connection, spec, "source", rules)
    passed = {
        "types": f"every value is of its column's type, in {len(spec.columns)} columns",
        "ranges": "every number and day lies in its column's range",
        "levels": "every level is one that the spec lists, or rare enough",
        "missing": "no column lacks more values than the spec allows",
    }
    return [
        check
        for name in VALUE_CHECKS
        for check in summed_up(name, [check for check in failed if check.name == name], passed[name])
    ]


def check_derived(connection: duckdb.DuckDBPyConnection, spec: Spec) -> list[Check]:
    """What is wrong with the derived columns in the table `enriched`; nothing where nothing is."""
    rules = [rule for column in spec.derived.values() for rule in _derived_rules(column, spec)]
    return _failed(connection, spec, "enriched", rules)


def is_number(value: str) -> str:
    """SQL that is true where the text `value` is a number."""
    return f"regexp_full_match({value}, {literal(NUMBER)})"


def is_day(value: str) -> str:
    """SQL that is true where the text `value` is a day of the calendar, ISO 8601."""
    return f"(regexp_full_match({value}, {literal(DAY)}) AND try_cast({value} AS DATE) IS NOT NULL)"


def described(column: Column) -> str:
    """The values that a number or a date may hold, in words."""
    if column.type == "date":
        return f"a day from {day_text(column.min)} to {day_text(column.max)}"
    kind = "a whole number" if column.type == "integer" else "a number"
    unit = f" {column.unit}" if column.unit else ""
    return f"{kind} from {column.min:g} to {column.max:g}{unit}"


def _source_rules(spec: Spec) -> Iterator[Rule]:
    for name in dict.fromkeys((spec.key, spec.time, spec.group)):
        nothing = f"{identifier(name)} IS NULL"
        yield Rule("missing", name, nothing, "a value; it identifies or orders the rows", blocks=True)
    yield from _target_rules(spec)
    if spec.split["by"] == "column":
        name = spec.split["column"]
        yield Rule("missing", name, f"{identifier(name)} IS NULL", "a value; it names the part", blocks=True)
        yield _closed(name, PARTS, blocks=True)
    for column in spec.columns.values():
        if column.required:
            nothing = f"{identifier(column.name)} IS NULL"
            yield Rule("missing", column.name, nothing, "a value; the column is required")
        yield from _value_rules(column, spec)
        yield from _missing_rules(column, spec)


def _target_rules(spec: Spec) -> Iterator[Rule]:
    name, task = spec.target, spec.task
    yield Rule("missing", name, f"{identifier(name)} IS NULL", "a value; it is the outcome", blocks=True)
    if isinstance(task, RegressionTask):
        target = Column(name, "number", "the outcome", min=task.min, max=task.max, unit=task.unit)
        yield from _value_rules(target, spec)
    else:
        yield _closed(name, [level for one in task.classes for level in one.levels], blocks=True)


def _value_rules(column: Column, spec: Spec) -> Iterator[Rule]:
    value = identifier(column.name)
    if column.type == "category":
        if column.closed:
            yield _closed(column.name, column.levels)
        else:
            yield Rule(
                "levels",
                column.name,
                f"{value} NOT IN {literals(column.levels)}",
                f"one of {', '.join(column.levels)}; add new levels to the spec, or raise checks.unseenShare",
                limit=spec.checks["unseenShare"],
                among=f"{value} IS NOT NULL",
            )
    elif column.type == "code":
        broken = f"NOT regexp_full_match({value}, {literal(column.pattern)})"
        yield Rule("types", column.name, broken, f"a code that matches {column.pattern}")
    else:
        right, number = _readable(column, value)
        # A text that can't be read makes `inside` NULL, and isn't out of range.
        inside = f"{number} BETWEEN {column.min!r} AND {column.max!r}"
        broken = f"{value} IS NOT NULL AND NOT {right}"
        yield Rule("types", column.name, broken, described(column), blocks=True)
        yield Rule("ranges", column.name, f"{right} AND NOT {inside}", described(column))


def _readable(column: Column, value: str) -> tuple[str, str]:
    """SQL for whether the text `value` is of the column's type, and for the number that it then is."""
    if column.type == "date":
        return is_day(value), f"date_diff('day', DATE '1970-01-01', try_cast({value} AS DATE))"
    number = f"try_cast({value} AS DOUBLE)"
    if column.type == "integer":
        return f"({is_number(value)} AND {number} = floor({number}))", number
    return is_number(value), number


def _derived_rules(column: Column, spec: Spec) -> Iterator[Rule]:
    value = identifier(column.name)
    number = f"try_cast({value} AS DOUBLE)"
    finite = f"coalesce(isfinite({number}), false)"
    right = f"({finite} AND {number} = floor({number}))" if column.type == "integer" else finite
    expected = f"{described(column)} from features.sql"
    yield Rule("types", column.name, f"{value} IS NOT NULL AND NOT {right}", expected, blocks=True)
    inside = f"{number} BETWEEN {column.min!r} AND {column.max!r}"
    yield Rule("ranges", column.name, f"{right} AND NOT {inside}", expected)
    yield from _missing_rules(column, spec)


def _missing_rules(column: Column, spec: Spec) -> Iterator[Rule]:
    limit = spec.checks["missing"].get(column.name)
    if limit is not None and not column.required:
        expected = "a value; find out why it went missing, or raise the share in checks.missing"
        yield Rule("missing", column.name, f"{identifier(column.name)} IS NULL", expected, limit=limit)


def _closed(name: str, levels: Iterable[str], *, blocks: bool = False) -> Rule:
    listed = list(levels)
    broken = f"{identifier(name)} NOT IN {literals(listed)}"
    return Rule("levels", name, broken, f"one of {', '.join(listed)}", blocks=blocks)


def _failed(connection: duckdb.DuckDBPyConnection, spec: Spec, table: str, rules: list[Rule]) -> list[Check]:
    if not rules:
        return []
    counting = ", ".join(
        f"count(*) FILTER (WHERE {rule.broken}), count(*) FILTER (WHERE {rule.among})" for rule in rules
    )
    counts = numbers_of(connection, f"SELECT {counting} FROM {table}")
    pairs = zip(counts[::2], counts[1::2], strict=True)
    return [
        _broken(connection, spec, table, rule, count, total)
        for rule, (count, total) in zip(rules, pairs, strict=True)
        if count > rule.limit * total
    ]


def _broken(
    connection: duckdb.DuckDBPyConnection, spec: Spec, table: str, rule: Rule, count: int, total: int
) -> Check:
    examples = examples_of(connection, spec, table, rule.column, rule.broken)
    found = rows_in_words(count, total)
    if rule.limit > 0:
        found += f", {share_in_words(count / total)}, more than {share_in_words(rule.limit)}"
    return Check(
        rule.name,
        "failed",
        f"{found}: {quoted(spec, examples, count)}; expected {rule.expected}",
        rule.column,
        count / total,
        rule.limit,
        examples,
        rule.blocks,
    )
