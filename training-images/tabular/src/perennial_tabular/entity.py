"""What is looked up at prediction time, such as a team and its form."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Lookup:
    """Derived columns that are filled from the state of the entity that the record's column `by` names."""

    by: str
    # Derived column to column of the states.
    columns: dict[str, str]


@dataclass(frozen=True)
class Entity:
    """An entity whose states `entities/<name>.sql` answers with."""

    name: str
    key: str
    max_age: float
    lookups: tuple[Lookup, ...]
    sql: str

    @classmethod
    def of(cls, name: str, raw: dict[str, Any], sql: str) -> "Entity":
        lookups = tuple(Lookup(one["by"], dict(one["columns"])) for one in raw["lookups"])
        return cls(name, raw["key"], raw["maxAge"], lookups, sql)

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the states that lookups read, each once."""
        return tuple(dict.fromkeys(name for lookup in self.lookups for name in lookup.columns.values()))
