"""
Numbers for texts: one dictionary for all levels of all columns, one for the categories of codes.

A text's number is looked up once per record. What a feature makes of it stands in a table, one row per
output column and one entry per number, so that any number of features costs the graph three nodes instead
of a few per feature.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

# Every text that no dictionary holds.
UNSEEN = 0
# The empty text: a missing value.
MISSING = 1
DIGITS = "0123456789"
LONGEST_CATEGORY = 3
# Kinds of feature that read the categories of codes, by groups.
CODE_KINDS = ("codeGroup", "codeCount")

CodeGroups = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Vocabulary:
    """Numbers of texts. Those of levels and of code categories don't overlap."""

    levels: dict[str, int]
    """Number of each level that a feature names."""
    categories: dict[str, int]
    """Number of each code category (the part before the point) that lies in a group of some feature."""
    memberships: dict[int, dict[str, str]]
    """For each category's number: the group it lies in, by name of the feature."""
    size: int
    """One more than the largest number."""

    @classmethod
    def of(cls, features: Sequence[dict[str, Any]]) -> "Vocabulary":
        levels: dict[str, int] = {"": MISSING}
        for feature in features:
            for level in levels_named(feature):
                levels.setdefault(level, len(levels) + 1)
        grouped = [feature for feature in features if feature["kind"] in CODE_KINDS]
        categories: dict[str, int] = {"": MISSING}
        numbers: dict[tuple[tuple[str, str], ...], int] = {}
        for category in _categories(grouped):
            groups = ((feature["name"], group_of(category, feature["groups"])) for feature in grouped)
            membership = tuple((name, group) for name, group in groups if group is not None)
            if membership:
                # Categories that no feature tells apart share a number, which keeps the table narrow.
                categories[category] = numbers.setdefault(membership, len(levels) + 1 + len(numbers))
        memberships = {number: dict(membership) for membership, number in numbers.items()}
        return cls(levels, categories, memberships, len(levels) + 1 + len(numbers))


def levels_named(feature: dict[str, Any]) -> list[str]:
    """Texts that `feature` tells apart."""
    return list(feature.get("order") or feature.get("levels") or ())


def group_of(category: str, groups: CodeGroups) -> str | None:
    """Name of the first group that holds `category`, the part of a code before its point."""
    for group in groups:
        if category.isdecimal():
            if any(low <= int(category) <= high for low, high in group["ranges"]):
                return str(group["name"])
        elif category[:1] in group["letters"]:
            return str(group["name"])
    return None


def _categories(grouped: Iterable[dict[str, Any]]) -> Iterator[str]:
    """
    Every category that a group could hold: one to three digits, with and without leading zeros, after a
    letter or none.

    A list of the codes seen in training would put an unseen code of a known chapter into "other".
    """
    letters = {letter for feature in grouped for group in feature["groups"] for letter in group["letters"]}
    for prefix in ("", *sorted(letters)):
        for length in range(1, LONGEST_CATEGORY + 1):
            for digits in product(DIGITS, repeat=length):
                yield prefix + "".join(digits)
