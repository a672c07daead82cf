"""Columns of a record, and days as the numbers that the graph reads them as."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

ColumnType = Literal["category", "code", "integer", "number", "date"]
# Of all types these two reach the graph as text, the others as float32.
TEXT_TYPES = ("category", "code")
EPOCH = date(1970, 1, 1)


def day_number(day: str) -> int:
    """Days from 1970-01-01 to `day` (ISO 8601): what the tensor `numbers` holds of a date."""
    return (date.fromisoformat(day) - EPOCH).days


def day_text(number: float) -> str:
    """The day, ISO 8601, that lies `number` days after 1970-01-01."""
    return (EPOCH + timedelta(days=int(number))).isoformat()


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
    # Of a date: days since 1970-01-01.
    min: float = 0
    max: float = 0
    unit: str | None = None
    # Share of the training rows in which a derived column is withheld; None for a column of the source.
    withheld_share: float | None = None

    @classmethod
    def of(cls, name: str, raw: dict[str, Any]) -> "Column":
        """The column that the spec calls `name`."""
        return cls(
            name=name,
            type=raw["type"],
            description=raw["description"],
            required=raw.get("required", False),
            levels=tuple(raw.get("levels", ())),
            closed=raw.get("closed", False),
            pattern=raw.get("pattern", ""),
            min=_bound(raw.get("min", 0)),
            max=_bound(raw.get("max", 0)),
            unit=raw.get("unit"),
            withheld_share=raw.get("withheldShare"),
        )

    @property
    def is_text(self) -> bool:
        return self.type in TEXT_TYPES


def _bound(raw: float | str) -> float:
    return day_number(raw) if isinstance(raw, str) else raw
