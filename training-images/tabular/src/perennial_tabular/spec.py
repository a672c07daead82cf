"""The workload spec as the jobs read it: `spec.json` and `features.sql` in one folder."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from perennial_tabular import contracts
from perennial_tabular.faults import Fault, InvalidInput
from perennial_tabular.hashing import sha256_of_files

ColumnType = Literal["category", "code", "integer", "number"]
# Of all types these two reach the graph as text, the others as float32.
TEXT_TYPES = ("category", "code")
Part = Literal["train", "validation", "calibration", "holdout", "audit"]
PARTS: tuple[Part, ...] = ("train", "validation", "calibration", "holdout", "audit")


@dataclass(frozen=True)
class Column:
    """A column that the model may read. Of the optional fields those of the column's type are set."""

    name: str
    type: ColumnType
    description: str
    required: bool = False
    levels: tuple[str, ...] = ()
    closed: bool = False
    pattern: str = ""
    min: float = 0
    max: float = 0
    unit: str | None = None
    # Share of the training rows in which a derived column is withheld; None for a column of the source.
    withheld_share: float | None = None

    @property
    def is_text(self) -> bool:
        return self.type in TEXT_TYPES


@dataclass(frozen=True)
class Exclusion:
    """Rows outside the question: those whose `column` holds one of `levels`."""

    column: str
    levels: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class Spec:
    """A checked workload spec. `raw` is the document as it stands in `spec.json`."""

    raw: dict[str, Any]
    features_sql: str
    sha256: str

    @classmethod
    def read(cls, folder: Path) -> "Spec":
        """
        Reads and checks the spec in `folder`.

        Raises:
            InvalidInput: a file is missing, isn't JSON, or the spec breaks its contract (every fault listed).
        """
        spec_file, sql_file = folder / "spec.json", folder / "features.sql"
        missing = [path.name for path in (spec_file, sql_file) if not path.is_file()]
        if missing:
            raise InvalidInput(
                "channel spec", [Fault(name, "expected this file, given none") for name in missing]
            )
        try:
            raw = json.loads(spec_file.read_text("utf-8"))
        except ValueError as error:
            raise InvalidInput("spec.json", [Fault("", f"expected JSON in UTF-8: {error}")]) from error
        contracts.check("workload", raw, "spec.json")
        return cls(raw, sql_file.read_text("utf-8"), sha256_of_files([spec_file, sql_file], folder))

    @property
    def name(self) -> str:
        return str(self.raw["name"])

    @property
    def source(self) -> dict[str, Any]:
        source: dict[str, Any] = self.raw["source"]
        return source

    @property
    def task(self) -> dict[str, Any]:
        task: dict[str, Any] = self.raw["task"]
        return task

    @property
    def features(self) -> list[dict[str, Any]]:
        features: list[dict[str, Any]] = self.raw["features"]
        return features

    @property
    def key(self) -> str:
        return str(self.source["key"])

    @property
    def group(self) -> str:
        return str(self.raw["split"]["group"])

    @property
    def target(self) -> str:
        return str(self.task["target"])

    @cached_property
    def columns(self) -> dict[str, Column]:
        """Columns of the source that the model may read, in the spec's order."""
        return {name: _column(name, raw) for name, raw in self.source["columns"].items()}

    @cached_property
    def derived(self) -> dict[str, Column]:
        """Columns that `features.sql` adds, in the spec's order."""
        return {name: _column(name, raw) for name, raw in self.raw["derived"].items()}

    @cached_property
    def readable(self) -> dict[str, Column]:
        """Every column that a feature may read."""
        return {**self.columns, **self.derived}

    @cached_property
    def source_names(self) -> tuple[str, ...]:
        """Every column that a source file has to have, and no other."""
        return (*self.columns, *self.source["unused"])

    @cached_property
    def exclusions(self) -> tuple[Exclusion, ...]:
        return tuple(
            Exclusion(raw["column"], tuple(raw["levels"]), raw["reason"]) for raw in self.source["excluded"]
        )


def _column(name: str, raw: dict[str, Any]) -> Column:
    return Column(
        name=name,
        type=raw["type"],
        description=raw["description"],
        required=raw.get("required", False),
        levels=tuple(raw.get("levels", ())),
        closed=raw.get("closed", False),
        pattern=raw.get("pattern", ""),
        min=raw.get("min", 0),
        max=raw.get("max", 0),
        unit=raw.get("unit"),
        withheld_share=raw.get("withheldShare"),
    )
