"""Dealing groups to parts by a salted hash."""

from perennial_tabular.spec import PARTS, Spec
from perennial_tabular.sql import identifier, literal

# Thirteen hexadecimal digits are 52 bits, as many as a double holds exactly.
DIGITS = 13


def place_of(text: str) -> str:
    """SQL for the place of the SQL text `text` in [0, 1): the first 52 bits of its SHA-256 as a fraction."""
    return f"(CAST('0x' || substr(sha256({text}), 1, {DIGITS}) AS BIGINT) / {float(16**DIGITS)!r})"


def part_of(spec: Spec) -> str:
    """
    SQL for the part of a row: its group's place in [0, 1), cut at the running sum of the shares.

    It depends on salt and group alone, so that a group keeps its part when rows are added.
    """
    split = spec.raw["split"]
    place = place_of(f"{literal(split['salt'] + ':')} || {identifier(spec.group)}")
    cases, bound = [], 0.0
    for part in PARTS[:-1]:
        bound += split["shares"][part]
        cases.append(f"WHEN {place} < {bound!r} THEN '{part}'")
    return f"CASE {' '.join(cases)} ELSE '{PARTS[-1]}' END"
