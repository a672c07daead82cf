"""The workload spec as the jobs read it: `spec.json` and its queries in one folder."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from perennial_tabular import contracts
from perennial_tabular.algorithm import Algorithm, Search
from perennial_tabular.column import Column, ColumnType
from perennial_tabular.entity import Entity
from perennial_tabular.faults import Fault, InvalidInput
from perennial_tabular.hashing import sha256_of_files
from perennial_tabular.task import Task, task_of

__all__ = ["PARTS", "Column", "ColumnType", "Exclusion", "Part", "Spec"]

Part = Literal["train", "validation", "calibration", "holdout", "audit"]
PARTS: tuple[Part, ...] = ("train", "validation", "calibration", "holdout", "audit")

SPEC = "spec.json"
FEATURES_SQL = "features.sql"
ROWS_SQL = "rows.sql"


@dataclass(frozen=True)
class Exclusion:
    """Rows outside the question: those whose `column` holds one of `levels`."""

    column: str
    levels: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class Spec:
    """A checked workload spec: `raw` as it stands in `spec.json`, `queries` by their file's name."""

    raw: dict[str, Any]
    queries: dict[str, str]
    sha256: str

    @classmethod
    def read(cls, folder: Path) -> "Spec":
        """
        Reads and checks the spec in `folder`: `spec.json`, `features.sql`, with `source.rows` `rows.sql`, and
        for each entity `entities/<name>.sql`.

        Raises:
            InvalidInput: a file is missing, isn't JSON, or the spec breaks its contract (every fault listed).
        """
        _require(folder, [SPEC])
        try:
            raw = json.loads((folder / SPEC).read_text("utf-8"))
        except ValueError as error:
            raise InvalidInput(SPEC, [Fault("", f"expected JSON in UTF-8: {error}")]) from error
        contracts.check("workload", raw, SPEC)
        names = [
            FEATURES_SQL,
            *([ROWS_SQL] if "rows" in raw["source"] else []),
            *(_entity_sql(name) for name in raw["entities"]),
        ]
        _require(folder, names)
        queries = {name: (folder / name).read_text("utf-8") for name in names}
        return cls(raw, queries, sha256_of_files([folder / name for name in [SPEC, *names]], folder))

    @property
    def name(self) -> str:
        return str(self.raw["name"])

    @property
    def source(self) -> dict[str, Any]:
        source: dict[str, Any] = self.raw["source"]
        return source

    @property
    def features(self) -> list[dict[str, Any]]:
        features: list[dict[str, Any]] = self.raw["features"]
        return features

    @property
    def split(self) -> dict[str, Any]:
        split: dict[str, Any] = self.raw["split"]
        return split

    @property
    def checks(self) -> dict[str, Any]:
        """What the data gate asks."""
        checks: dict[str, Any] = self.raw["checks"]
        return checks

    @property
    def imbalance(self) -> Literal["none", "weights", "smote"]:
        imbalance: Literal["none", "weights", "smote"] = self.raw["imbalance"]
        return imbalance

    @property
    def instance_count(self) -> int:
        return int(self.raw["training"]["instanceCount"])

    @property
    def features_sql(self) -> str:
        return self.queries[FEATURES_SQL]

    @property
    def rows_sql(self) -> str | None:
        """The query that makes the rows of the view `files`; None where the files hold them."""
        return self.queries.get(ROWS_SQL)

    @property
    def key(self) -> str:
        return str(self.source["key"])

    @property
    def time(self) -> str:
        return str(self.source["time"])

    @property
    def group(self) -> str:
        return str(self.split["group"])

    @property
    def salt(self) -> str:
        """What sets this workload's hashes apart; a split that doesn't hash has no salt of its own."""
        return str(self.split.get("salt", self.name))

    @cached_property
    def task(self) -> Task:
        return task_of(self.raw["task"])

    @property
    def target(self) -> str:
        return self.task.target

    @cached_property
    def algorithms(self) -> tuple[Algorithm, ...]:
        """The first is the default; with several, all are fitted and the best on validation is kept."""
        return tuple(Algorithm.of(raw) for raw in self.raw["algorithms"])

    @cached_property
    def search(self) -> Search | None:
        return None if self.raw["search"] is None else Search.of(self.raw["search"])

    @cached_property
    def entities(self) -> tuple[Entity, ...]:
        """In the spec's order."""
        return tuple(
            Entity.of(name, raw, self.queries[_entity_sql(name)])
            for name, raw in self.raw["entities"].items()
        )

    @cached_property
    def columns(self) -> dict[str, Column]:
        """Columns of the source that the model may read, in the spec's order."""
        return {name: Column.of(name, raw) for name, raw in self.source["columns"].items()}

    @cached_property
    def derived(self) -> dict[str, Column]:
        """Columns that `features.sql` adds, in the spec's order."""
        return {name: Column.of(name, raw) for name, raw in self.raw["derived"].items()}

    @cached_property
    def readable(self) -> dict[str, Column]:
        """Every column that a feature may read."""
        return {**self.columns, **self.derived}

    @cached_property
    def source_names(self) -> tuple[str, ...]:
        """Every column that a row of the source has to have, and no other."""
        return (*self.columns, *self.source["unused"])

    @cached_property
    def file_names(self) -> tuple[str, ...]:
        """Every column that a source file has to have, and no other."""
        rows = self.source.get("rows")
        return tuple(rows["columns"]) if rows else self.source_names

    @cached_property
    def exclusions(self) -> tuple[Exclusion, ...]:
        return tuple(
            Exclusion(raw["column"], tuple(raw["levels"]), raw["reason"]) for raw in self.source["excluded"]
        )


def _entity_sql(name: str) -> str:
    return f"entities/{name}.sql"


def _require(folder: Path, names: list[str]) -> None:
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        raise InvalidInput(
            "channel spec", [Fault(name, "expected this file, given none") for name in missing]
        )
