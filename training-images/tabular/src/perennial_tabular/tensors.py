"""How a record becomes the graph's two inputs: `strings` [rows, texts] and `numbers` [rows, numbers]."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from perennial_tabular.faults import Fault, InvalidInput
from perennial_tabular.spec import Column, Spec

Strings = npt.NDArray[np.object_]
Numbers = npt.NDArray[np.float32]


@dataclass(frozen=True)
class TensorLayout:
    """Columns of the two tensors, each in the spec's order. Columns that no feature reads have no place."""

    texts: tuple[Column, ...]
    numbers: tuple[Column, ...]

    @classmethod
    def of(cls, spec: Spec) -> "TensorLayout":
        used = {name for feature in spec.features for name in columns_read(feature)}
        columns = [column for name, column in spec.readable.items() if name in used]
        return cls(
            tuple(column for column in columns if column.is_text),
            tuple(column for column in columns if not column.is_text),
        )

    def text(self, name: str) -> int:
        """Place of the column in `strings`."""
        return [column.name for column in self.texts].index(name)

    def number(self, name: str) -> int:
        """Place of the column in `numbers`."""
        return [column.name for column in self.numbers].index(name)

    def is_text(self, name: str) -> bool:
        return any(column.name == name for column in self.texts)


@dataclass(frozen=True)
class CodedStrings:
    """
    The tensor `strings` as places in the list of each column's texts: a byte or two for a value, where a text
    of its own takes sixty.
    """

    texts: tuple[Strings, ...]
    """The texts that a column holds, by column."""
    places: tuple[npt.NDArray[np.unsignedinteger], ...]
    """[rows] by column."""
    rows: int

    @property
    def shape(self) -> tuple[int, int]:
        return self.rows, len(self.texts)

    def slice(self, start: int, stop: int) -> Strings:
        """The rows' texts, as the graph takes them."""
        strings = np.empty((max(min(stop, self.rows) - start, 0), len(self.texts)), object)
        for column, (texts, places) in enumerate(zip(self.texts, self.places, strict=True)):
            strings[:, column] = texts[places[start:stop]]
        return strings


@dataclass(frozen=True)
class Batch:
    """Rows as the graph takes them: missing texts are "", missing numbers NaN."""

    strings: Strings | CodedStrings
    numbers: Numbers

    def __len__(self) -> int:
        return int(self.strings.shape[0])

    def slice(self, start: int, stop: int) -> "Batch":
        strings = self.strings
        if isinstance(strings, CodedStrings):
            return Batch(strings.slice(start, stop), self.numbers[start:stop])
        return Batch(strings[start:stop], self.numbers[start:stop])

    def texts_counted(self, place: int) -> Counter[str]:
        """How many rows hold each text of the column at `place` of `strings`."""
        strings = self.strings
        if not isinstance(strings, CodedStrings):
            return Counter(strings[:, place].tolist())
        texts = strings.texts[place]
        rows = np.bincount(strings.places[place], minlength=len(texts)).tolist()
        return Counter({text: count for text, count in zip(texts.tolist(), rows, strict=True) if count})

    def feeds(self) -> dict[str, Any]:
        """
        The tensors by the names of the graph's inputs; one that is zero wide isn't an input. Of a slice: its
        texts are no places.
        """
        tensors = {"strings": self.strings, "numbers": self.numbers}
        return {name: tensor for name, tensor in tensors.items() if tensor.shape[1]}


def columns_read(feature: dict[str, Any]) -> list[str]:
    """Columns that `feature` reads itself; a product reads them through its factors."""
    if feature["kind"] == "product":
        return []
    if feature["kind"] in ("count", "sum", "codeCount"):
        return list(feature["columns"])
    operands = OPERANDS.get(feature["kind"], ("column",))
    return [feature[operand] for operand in operands]


# Fields that name the columns of a kind which reads two, in their order.
OPERANDS = {"ratio": ("numerator", "denominator"), "difference": ("minuend", "subtrahend")}
TEXT_KINDS = ("ordinal", "oneHot", "indicator", "count", "codeGroup", "codeCount", "codePrefix")
NUMBER_KINDS = ("number", "sum", "log", "ratio", "difference", "cycle")


def check_kinds(spec: Spec) -> None:
    """
    Checks that every feature reads columns of a type that its kind is made for.

    Raises:
        InvalidInput: naming each feature that doesn't.
    """
    faults = []
    for place, feature in enumerate(spec.features):
        for name in columns_read(feature):
            column, kind = spec.readable[name], feature["kind"]
            if (kind in TEXT_KINDS and not column.is_text) or (kind in NUMBER_KINDS and column.is_text):
                wanted = "category or code" if kind in TEXT_KINDS else "integer, number or date"
                faults.append(
                    Fault(
                        f"features.{place}",
                        f"{kind} reads {name}, of type {column.type}; expected {wanted}",
                    )
                )
    if faults:
        raise InvalidInput("spec.json", faults)
