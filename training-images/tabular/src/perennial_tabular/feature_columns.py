"""The columns of the feature matrix, as data: what each reads and what it makes of it."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from perennial_tabular.tensors import TensorLayout, columns_read
from perennial_tabular.vocabulary import CODE_KINDS, MISSING, UNSEEN, Vocabulary

NAN = math.nan


@dataclass(frozen=True)
class Lookup:
    """
    One output column: the number of the text at `place` (of levels, then of code categories), read in
    `table`.
    """

    name: str
    place: int
    table: list[float]


@dataclass(frozen=True)
class Combined:
    """One output column made of several others: `places` are theirs."""

    name: str
    places: tuple[int, ...]


@dataclass(frozen=True)
class Cycle:
    """One output column: (the number at `place` + `offset`) modulo `period`."""

    name: str
    place: int
    period: float
    offset: float


@dataclass(frozen=True)
class Prefix:
    """One output column: whether the text at `place` starts with one of `prefixes`."""

    name: str
    place: int
    prefixes: tuple[str, ...]


@dataclass
class FeatureColumns:
    """
    All output columns by how they are computed. The feature matrix has them in this order of blocks, not in
    the spec's: each block is one pass over the whole batch, and putting them back in order would cost
    another.
    """

    codes: list[int] = field(default_factory=list)
    """Places in `strings` of the columns whose categories are looked up."""
    lookups: list[Lookup] = field(default_factory=list)
    counted: list[Lookup] = field(default_factory=list)
    """One per column that a count reads; 1 where it counts."""
    counts: list[Combined] = field(default_factory=list)
    """Places in `counted`."""
    numbers: list[Combined] = field(default_factory=list)
    """Place in the tensor `numbers`, one each."""
    absences: list[Combined] = field(default_factory=list)
    """Place in the tensor `numbers`, one each: 1 where it is NaN."""
    sums: list[Combined] = field(default_factory=list)
    """Places in the tensor `numbers`."""
    logs: list[Combined] = field(default_factory=list)
    """Place in the tensor `numbers`, one each."""
    ratios: list[Combined] = field(default_factory=list)
    """Places of numerator and denominator in the tensor `numbers`."""
    differences: list[Combined] = field(default_factory=list)
    """Places of minuend and subtrahend in the tensor `numbers`."""
    cycles: list[Cycle] = field(default_factory=list)
    prefixes: list[Prefix] = field(default_factory=list)
    products: list[Combined] = field(default_factory=list)
    """Places in the feature matrix of the other blocks."""

    @classmethod
    def of(
        cls, features: list[dict[str, Any]], layout: TensorLayout, vocabulary: Vocabulary
    ) -> "FeatureColumns":
        columns = cls()
        coded = [feature for feature in features if feature["kind"] in CODE_KINDS]
        grouped = [name for feature in coded for name in columns_read(feature)]
        columns.codes = [layout.text(name) for name in dict.fromkeys(grouped)]
        for feature in features:
            if feature["kind"] != "product":
                _add(columns, feature, layout, vocabulary)
        # Sums of equally many terms stand together, because one node adds them up.
        columns.sums.sort(key=lambda column: len(column.places))
        factors: dict[str, tuple[int, ...]] = {name: (place,) for place, name in enumerate(columns.names)}
        for feature in features:
            if feature["kind"] == "product":
                # A product of products is the product of all their factors.
                places = tuple(place for factor in feature["factors"] for place in factors[factor])
                factors[feature["name"]] = places
                columns.products.append(Combined(feature["name"], places))
        return columns

    @property
    def names(self) -> list[str]:
        """Names of the matrix's columns, in its order."""
        blocks = (
            self.lookups,
            self.counts,
            self.numbers,
            self.absences,
            self.sums,
            self.logs,
            self.ratios,
            self.differences,
            self.cycles,
            self.prefixes,
            self.products,
        )
        return [column.name for block in blocks for column in block]


def _add(
    columns: FeatureColumns, feature: dict[str, Any], layout: TensorLayout, vocabulary: Vocabulary
) -> None:
    name, kind = feature["name"], feature["kind"]
    computed = _computed(columns, feature)
    if computed is not None:
        computed.append(Combined(name, tuple(layout.number(column) for column in columns_read(feature))))
    elif kind == "cycle":
        place = layout.number(feature["column"])
        columns.cycles.append(Cycle(name, place, feature["period"], feature["offset"]))
    elif kind == "missing" and not layout.is_text(feature["column"]):
        columns.absences.append(Combined(name, (layout.number(feature["column"]),)))
    elif kind == "codePrefix":
        columns.prefixes.append(Prefix(name, layout.text(feature["column"]), tuple(feature["prefixes"])))
    elif kind == "count":
        first = len(columns.counted)
        table = _table(vocabulary, dict.fromkeys(feature["levels"], 1.0))
        columns.counted += [Lookup(name, layout.text(column), table) for column in feature["columns"]]
        columns.counts.append(Combined(name, tuple(range(first, len(columns.counted)))))
    elif kind == "codeCount":
        _count_codes(columns, feature, layout, vocabulary)
    elif kind == "codeGroup":
        columns.lookups += _code_lookups(columns, feature, layout, vocabulary)
    else:
        place = layout.text(feature["column"])
        columns.lookups += [
            Lookup(column, place, table) for column, table in LEVEL_TABLES[kind](feature, vocabulary)
        ]


def _computed(columns: FeatureColumns, feature: dict[str, Any]) -> list[Combined] | None:
    """The block of a kind that is computed from numbers alone; None for another kind."""
    blocks = {
        "number": columns.numbers,
        "sum": columns.sums,
        "log": columns.logs,
        "ratio": columns.ratios,
        "difference": columns.differences,
    }
    return blocks.get(feature["kind"])


def _table(vocabulary: Vocabulary, values: dict[str, float], default: float = 0.0) -> list[float]:
    table = [default] * vocabulary.size
    for level, value in values.items():
        table[vocabulary.levels[level]] = value
    return table


Tables = list[tuple[str, list[float]]]


def _ordinal(feature: dict[str, Any], vocabulary: Vocabulary) -> Tables:
    values = {level: float(place) for place, level in enumerate(feature["order"])}
    return [(feature["name"], _table(vocabulary, values, NAN))]


def _one_hot(feature: dict[str, Any], vocabulary: Vocabulary) -> Tables:
    return [(f"{feature['name']}={level}", _table(vocabulary, {level: 1.0})) for level in feature["levels"]]


def _indicator(feature: dict[str, Any], vocabulary: Vocabulary) -> Tables:
    return [(feature["name"], _table(vocabulary, dict.fromkeys(feature["levels"], 1.0)))]


def _missing(feature: dict[str, Any], vocabulary: Vocabulary) -> Tables:
    return [(feature["name"], _table(vocabulary, {"": 1.0}))]


LEVEL_TABLES: dict[str, Callable[[dict[str, Any], Vocabulary], Tables]] = {
    "ordinal": _ordinal,
    "oneHot": _one_hot,
    "indicator": _indicator,
    "missing": _missing,
}


def _code_lookups(
    columns: FeatureColumns, feature: dict[str, Any], layout: TensorLayout, vocabulary: Vocabulary
) -> list[Lookup]:
    name = feature["name"]
    place = _category_place(columns, feature["column"], layout)
    groups = [group["name"] for group in feature["groups"]]
    tables = {group: [0.0] * vocabulary.size for group in (*groups, feature["other"])}
    other = tables[feature["other"]]
    other[UNSEEN] = 1.0
    for number, membership in vocabulary.memberships.items():
        tables[membership.get(name, feature["other"])][number] = 1.0
    for table in tables.values():
        table[MISSING] = 0.0
    return [Lookup(f"{name}={group}", place, table) for group, table in tables.items()]


def _count_codes(
    columns: FeatureColumns, feature: dict[str, Any], layout: TensorLayout, vocabulary: Vocabulary
) -> None:
    places = [_category_place(columns, column, layout) for column in feature["columns"]]
    for group in feature["groups"]:
        name = f"{feature['name']}={group['name']}"
        table = [0.0] * vocabulary.size
        for number, membership in vocabulary.memberships.items():
            table[number] = float(membership.get(feature["name"]) == group["name"])
        first = len(columns.counted)
        columns.counted += [Lookup(name, place, table) for place in places]
        columns.counts.append(Combined(name, tuple(range(first, len(columns.counted)))))


def _category_place(columns: FeatureColumns, column: str, layout: TensorLayout) -> int:
    """Place of the code's category among the numbers of texts: they come after those of the levels."""
    return len(layout.texts) + columns.codes.index(layout.text(column))
