"""Checks of the time column: it can be read, went on since the last accepted files, and is recent enough."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb

from perennial_tabular.data_gate.check import Check, examples_of, quoted, rows_in_words
from perennial_tabular.data_gate.values import is_day, is_number
from perennial_tabular.spec import Spec
from perennial_tabular.sql import identifier, numbers_of

Moment = str | float


@dataclass(frozen=True)
class Moments:
    """The check of the time column, and its largest value; None where it can't be read."""

    check: Check
    newest: Moment | None


def check_time(connection: duckdb.DuckDBPyConnection, spec: Spec, accepted: dict[str, Any] | None) -> Moments:
    """
    Whether `source.time` holds numbers throughout, or days, and doesn't end before the `accepted` profile.

    A split by time that starts at days wants days, one that starts at numbers numbers.
    """
    time = identifier(spec.time)
    rows, days, numbers = numbers_of(
        connection,
        f"SELECT count({time}), count(*) FILTER (WHERE {is_day(time)}), "
        f"count(*) FILTER (WHERE {is_number(time)}) FROM source",
    )
    wanted = _wanted(spec, days, numbers)
    readable, expected, right = {
        "days": (days, "days such as 2026-01-31", is_day(time)),
        "numbers": (numbers, "numbers", is_number(time)),
    }[wanted]
    if readable < rows:
        broken = f"{time} IS NOT NULL AND NOT {right}"
        examples = examples_of(connection, spec, "source", spec.time, broken)
        finding = (
            f"{rows_in_words(rows - readable, rows)} can't be put in order: "
            f"{quoted(spec, examples, rows - readable)}; expected {expected} in every row"
        )
        share = (rows - readable) / rows
        return Moments(Check("time", "failed", finding, spec.time, share, 0, examples, blocks=True), None)
    newest = _newest(connection, time, wanted)
    return Moments(_compared(spec, newest, None if accepted is None else accepted["newest"]), newest)


def check_freshness(spec: Spec, newest: Moment | None, as_of: date | None) -> Check:
    """Whether the newest row is recent enough on the day `as_of`, which is there when the spec asks."""
    limit = spec.checks["freshnessDays"]
    if limit is None:
        return Check("freshness", "not asked", "the spec sets no limit (checks.freshnessDays)", spec.time)
    if newest is None or as_of is None:
        return Check("freshness", "not asked", "the newest row isn't known", spec.time, None, limit)
    if not isinstance(newest, str):
        finding = (
            f"the newest row is at {newest:g}; expected a day such as 2026-01-31, whose age can be told; "
            "let source.time hold days, or set checks.freshnessDays to null"
        )
        return Check("freshness", "failed", finding, spec.time, None, limit)
    age = (as_of - date.fromisoformat(newest)).days
    found = f"the newest row is of {newest}, {age} days before {as_of}"
    if age <= limit:
        return Check("freshness", "passed", found, spec.time, age, limit)
    mend = "add newer rows, or raise checks.freshnessDays"
    return Check(
        "freshness", "failed", f"{found}; expected at most {limit:g} days; {mend}", spec.time, age, limit
    )


def _wanted(spec: Spec, days: int, numbers: int) -> str:
    if spec.split["by"] == "time":
        return "days" if isinstance(spec.split["starts"]["validation"], str) else "numbers"
    # What most rows hold, so that the few others are those that are shown.
    return "days" if days > numbers else "numbers"


def _newest(connection: duckdb.DuckDBPyConnection, time: str, wanted: str) -> Moment | None:
    # Days as text are in order of time.
    value = time if wanted == "days" else f"CAST({time} AS DOUBLE)"
    row = connection.execute(f"SELECT max({value}) FROM source").fetchone()
    return row[0] if row else None


def _compared(spec: Spec, newest: Moment | None, before: Moment | None) -> Check:
    if newest is None or before is None:
        return Check("time", "passed", "every row can be put in order of time", spec.time)
    told = f"the newest row is at {_shown(newest)}, that of the last accepted files at {_shown(before)}"
    if isinstance(newest, str) != isinstance(before, str):
        mend = "expected the same kind of time; convert the one that changed"
        return Check("time", "failed", f"{told}; {mend}", spec.time)
    # Of two of a kind, days or numbers.
    if newest < before:  # type: ignore[operator]
        mend = "expected time to go on; add the rows that are missing at the end"
        return Check("time", "failed", f"{told}; {mend}", spec.time)
    return Check("time", "passed", told, spec.time)


def _shown(moment: Moment) -> str:
    return moment if isinstance(moment, str) else f"{moment:.15g}"
