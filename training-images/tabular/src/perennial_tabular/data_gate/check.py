"""One question of the data gate and how it went."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import duckdb

from perennial_tabular.spec import Spec
from perennial_tabular.sql import identifier

CheckName = Literal[
    "columns",
    "types",
    "ranges",
    "levels",
    "missing",
    "duplicates",
    "keys",
    "classes",
    "leakage",
    "overlap",
    "rows",
    "time",
    "freshness",
    "drift",
]
CHECK_NAMES: tuple[CheckName, ...] = get_args(CheckName)
Outcome = Literal["passed", "failed", "not asked"]

MOST_EXAMPLES = 5
# Of these, how many a finding quotes; the others stand beside it.
MOST_QUOTED = 3
LONGEST_VALUE = 80


@dataclass(frozen=True)
class Example:
    """A row that shows what was found."""

    key: str
    value: str | None


@dataclass(frozen=True)
class Check:
    """
    What was found, what is expected, and how to mend it, for a person.

    With `blocks`, the features can't be computed before it is mended.
    """

    name: CheckName
    outcome: Outcome
    finding: str
    column: str | None = None
    measured: float | None = None
    limit: float | None = None
    examples: tuple[Example, ...] = ()
    blocks: bool = False

    def document(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "column": self.column,
            "outcome": self.outcome,
            "finding": self.finding,
            "measured": self.measured,
            "limit": self.limit,
            "examples": [{"key": example.key, "value": example.value} for example in self.examples],
        }


def has_failed(checks: Iterable[Check]) -> bool:
    return any(check.outcome == "failed" for check in checks)


def is_blocked(checks: Iterable[Check]) -> bool:
    """Whether the features can't be computed before something is mended."""
    return any(check.outcome == "failed" and check.blocks for check in checks)


def summed_up(name: CheckName, failed: Sequence[Check], finding: str, **figures: float) -> list[Check]:
    """The failed checks or, where there is none, one that passed."""
    return list(failed) or [Check(name, "passed", finding, **figures)]  # type: ignore[arg-type]


def examples_of(
    connection: duckdb.DuckDBPyConnection, spec: Spec, table: str, column: str, condition: str
) -> tuple[Example, ...]:
    """The first rows of `table` for which `condition` holds, in order of their key."""
    key, value = identifier(spec.key), f"CAST({identifier(column)} AS VARCHAR)"
    found = connection.execute(
        f"SELECT {key}, {value} FROM {table} WHERE {condition} ORDER BY {key}, {value} LIMIT {MOST_EXAMPLES}"
    ).fetchall()
    return tuple(Example("(none)" if row[0] is None else row[0], _cut(row[1])) for row in found)


def quoted(spec: Spec, examples: Sequence[Example], count: int) -> str:
    """The examples in words: `id 7 with "abc", id 9 with nothing, …`."""
    words = [
        f"{spec.key} {example.key} with {'nothing' if example.value is None else f'“{example.value}”'}"
        for example in examples[:MOST_QUOTED]
    ]
    return ", ".join([*words, "…"] if count > len(words) else words)


def rows_in_words(count: int, total: int | None = None) -> str:
    of = "" if total is None else f" of {total}"
    return f"{count}{of} row{'' if (count if total is None else total) == 1 else 's'}"


def share_in_words(share: float) -> str:
    """A share as a percentage of four significant digits: 0.31 is `31 %`."""
    return f"{share * 100:.4g} %"


def _cut(value: str | None) -> str | None:
    return value if value is None or len(value) <= LONGEST_VALUE else f"{value[:LONGEST_VALUE]}…"
