"""Dealing rows to parts: by a salted hash of their group, by time, or as a column says."""

from perennial_tabular.spec import PARTS, Spec
from perennial_tabular.sql import identifier, literal

# Thirteen hexadecimal digits are 52 bits, as many as a double holds exactly.
DIGITS = 13


def place_of(text: str) -> str:
    """SQL for the place of the SQL text `text` in [0, 1): the first 52 bits of its SHA-256 as a fraction."""
    return f"(CAST('0x' || substr(sha256({text}), 1, {DIGITS}) AS BIGINT) / {float(16**DIGITS)!r})"


def part_of(spec: Spec) -> str:
    """
    SQL for the part of a row. A group that lies in several parts is refused by the data gate's `overlap`.
    """
    if spec.split["by"] == "hash":
        return _by_hash(spec)
    if spec.split["by"] == "time":
        return _by_time(spec)
    return identifier(spec.split["column"])


def _by_hash(spec: Spec) -> str:
    """
    The group's place in [0, 1), cut at the running sum of the shares.

    It depends on salt and group alone, so that a group keeps its part when rows are added.
    """
    place = place_of(f"{literal(spec.salt + ':')} || {identifier(spec.group)}")
    cases, bound = [], 0.0
    for part in PARTS[:-1]:
        bound += spec.split["shares"][part]
        cases.append(f"WHEN {place} < {bound!r} THEN '{part}'")
    return f"CASE {' '.join(cases)} ELSE '{PARTS[-1]}' END"


def _by_time(spec: Spec) -> str:
    """The last part that starts at the row's time or before it; `train` before all of them."""
    starts, time = spec.split["starts"], identifier(spec.time)
    cases = []
    for part in reversed(PARTS[1:]):
        start = starts[part]
        # Days as ISO text are in order of time.
        begun = (
            f"{time} >= {literal(start)}"
            if isinstance(start, str)
            else f"CAST({time} AS DOUBLE) >= {start!r}"
        )
        cases.append(f"WHEN {begun} THEN '{part}'")
    return f"CASE {' '.join(cases)} ELSE '{PARTS[0]}' END"
