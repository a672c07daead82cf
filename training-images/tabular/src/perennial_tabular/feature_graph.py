"""The feature part of the graph: from the raw record's two tensors to the feature matrix, in few nodes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import numpy as np
import numpy.typing as npt
from onnx import NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

from perennial_tabular.arithmetic import arithmetic_blocks
from perennial_tabular.feature_columns import Combined, FeatureColumns, Lookup
from perennial_tabular.spec import Spec
from perennial_tabular.tensors import TensorLayout
from perennial_tabular.vocabulary import UNSEEN, Vocabulary

ML = "ai.onnx.ml"
FEATURES = "features"


@dataclass
class FeatureGraph:
    """Nodes under construction. `names` are those of the matrix's columns."""

    layout: TensorLayout
    names: list[str] = field(default_factory=list)
    nodes: list[NodeProto] = field(default_factory=list)
    initializers: list[TensorProto] = field(default_factory=list)

    @classmethod
    def of(cls, spec: Spec) -> "FeatureGraph":
        """The feature part of `spec`; its output is named `features`, float32 [rows, columns]."""
        layout = TensorLayout.of(spec)
        vocabulary = Vocabulary.of(spec.features)
        columns = FeatureColumns.of(spec.features, layout, vocabulary)
        graph = cls(layout, columns.names)
        numbers = graph._numbers_of_texts(vocabulary, columns)
        blocks = [
            *graph._lookups("lookups", columns.lookups, numbers, vocabulary),
            *graph._counts(columns, numbers, vocabulary),
            *graph._numbers(columns.numbers),
            *graph._absences(columns.absences),
            *graph._sums(columns.sums),
            *arithmetic_blocks(graph, columns),
            *graph._prefixes(columns),
        ]
        graph._products(columns.products, blocks)
        return graph

    def inputs(self) -> list[ValueInfoProto]:
        """The graph's inputs; a tensor that would be zero wide isn't one."""
        widths = (
            ("strings", TensorProto.STRING, len(self.layout.texts)),
            ("numbers", TensorProto.FLOAT, len(self.layout.numbers)),
        )
        return [
            helper.make_tensor_value_info(name, kind, ["rows", width])
            for name, kind, width in widths
            if width
        ]

    def constant(self, name: str, values: npt.NDArray[np.generic]) -> str:
        self.initializers.append(numpy_helper.from_array(values, name))
        return name

    def node(self, operator: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:  # noqa: ANN401 - ONNX's own
        domain = ML if operator in ("LabelEncoder", "TreeEnsembleRegressor") else ""
        self.nodes.append(
            helper.make_node(operator, inputs, [output], name=output, domain=domain, **attributes)
        )
        return output

    def indices(self, name: str, places: Sequence[int]) -> str:
        return self.constant(name, np.array(places, np.int64))

    def _encoded(self, texts: str, numbers: dict[str, int], output: str) -> str:
        return self.node(
            "LabelEncoder",
            [texts],
            output,
            keys_strings=list(numbers),
            values_int64s=list(numbers.values()),
            default_int64=UNSEEN,
        )

    def _numbers_of_texts(self, vocabulary: Vocabulary, columns: FeatureColumns) -> str | None:
        """
        Number of each text as a level; after them those of the codes' categories. None where
        nothing is looked up.
        """
        if not columns.lookups and not columns.counted:
            return None
        levels = self._encoded("strings", vocabulary.levels, "levels")
        if not columns.codes:
            return levels
        codes = self.node("Gather", ["strings", self.indices("code_places", columns.codes)], "codes", axis=1)
        # A point at the end makes two parts of every code, also of one that has no point or is empty.
        pointed = self.node(
            "StringConcat", [codes, self.constant("point", np.array(".", object))], "pointed_codes"
        )
        self.nodes.append(
            helper.make_node(
                "StringSplit",
                [pointed],
                ["code_parts", "code_part_counts"],
                name="code_parts",
                delimiter=".",
                maxsplit=1,
            )
        )
        # Not Gather: in a batch without rows the last axis has no place 0, and Gather would throw.
        first = [self.indices("first", [0]), self.indices("second", [1]), self.indices("last_axis", [2])]
        self.node("Slice", ["code_parts", *first], "first_parts")
        self._encoded("first_parts", vocabulary.categories, "categories_apart")
        shape = self.indices("category_shape", [-1, len(columns.codes)])
        categories = self.node("Reshape", ["categories_apart", shape], "categories")
        return self.node("Concat", [levels, categories], "text_numbers", axis=1)

    def _lookups(
        self, name: str, lookups: Sequence[Lookup], numbers: str | None, vocabulary: Vocabulary
    ) -> list[str]:
        """
        One table for all columns, end to end: a column's entries start at its place times the
        vocabulary's size.
        """
        if not lookups or numbers is None:
            return []
        places = self.indices(f"{name}_places", [lookup.place for lookup in lookups])
        read = self.node("Gather", [numbers, places], f"{name}_numbers", axis=1)
        starts = np.arange(len(lookups), dtype=np.int64) * vocabulary.size
        entries = self.node("Add", [read, self.constant(f"{name}_starts", starts)], f"{name}_entries")
        table = np.array([lookup.table for lookup in lookups], np.float32).reshape(-1)
        return [self.node("Gather", [self.constant(f"{name}_table", table), entries], name, axis=0)]

    def _counts(self, columns: FeatureColumns, numbers: str | None, vocabulary: Vocabulary) -> list[str]:
        counted = self._lookups("counted", columns.counted, numbers, vocabulary)
        if not counted:
            return []
        sums = np.zeros((len(columns.counted), len(columns.counts)), np.float32)
        for place, count in enumerate(columns.counts):
            sums[list(count.places), place] = 1
        return [self.node("MatMul", [*counted, self.constant("count_sums", sums)], "counts")]

    def picked(self, name: str, places: Sequence[int]) -> str:
        """The columns at `places` of the tensor `numbers`."""
        if list(places) == list(range(len(self.layout.numbers))):
            return "numbers"
        return self.node("Gather", ["numbers", self.indices(f"{name}_places", places)], name, axis=1)

    def _numbers(self, columns: Sequence[Combined]) -> list[str]:
        return [self.picked("picked_numbers", [column.places[0] for column in columns])] if columns else []

    def _absences(self, columns: Sequence[Combined]) -> list[str]:
        if not columns:
            return []
        picked = self.picked("absence_numbers", [column.places[0] for column in columns])
        absent = self.node("IsNaN", [picked], "absent")
        return [self.node("Cast", [absent], "absences", to=TensorProto.FLOAT)]

    def _sums(self, columns: Sequence[Combined]) -> list[str]:
        """A block per number of terms: the columns come in that order."""
        outputs = []
        for terms, group in groupby(columns, key=lambda column: len(column.places)):
            same = list(group)
            name = f"sums_of_{terms}"
            picked = self.picked(f"{name}_terms", [place for column in same for place in column.places])
            shape = self.indices(f"{name}_shape", [-1, len(same), terms])
            apart = self.node("Reshape", [picked, shape], f"{name}_apart")
            axis = self.indices(f"{name}_axis", [2])
            outputs.append(self.node("ReduceSum", [apart, axis], name, keepdims=0))
        return outputs

    def _prefixes(self, columns: FeatureColumns) -> list[str]:
        outputs = []
        for column in columns.prefixes:
            text = self.node(
                "Gather",
                ["strings", self.indices(f"{column.name}_place", [column.place])],
                f"{column.name}_text",
                axis=1,
            )
            # No look-ahead or class: RE2 and Python's re read this the same way.
            pattern = f"({'|'.join(re.escape(prefix) for prefix in column.prefixes)}).*"
            matched = self.node("RegexFullMatch", [text], f"{column.name}_matched", pattern=pattern)
            outputs.append(self.node("Cast", [matched], column.name, to=TensorProto.FLOAT))
        return outputs

    def _products(self, products: Sequence[Combined], blocks: Sequence[str]) -> None:
        if not products:
            self.node("Concat", blocks, FEATURES, axis=1)
            return
        base = self.node("Concat", blocks, "base_features", axis=1)
        longest = max(len(column.places) for column in products)
        result = ""
        for position in range(longest):
            places = [column.places[min(position, len(column.places) - 1)] for column in products]
            factors = self.node(
                "Gather",
                [base, self.indices(f"factor_{position}_places", places)],
                f"factor_{position}",
                axis=1,
            )
            # A product of fewer factors is multiplied by ones from then on.
            short = np.array([position >= len(column.places) for column in products])
            if short.any():
                ones = self.constant(f"factor_{position}_ones", np.ones(len(products), np.float32))
                factors = self.node(
                    "Where",
                    [self.constant(f"factor_{position}_short", short), ones, factors],
                    f"factor_{position}_or_one",
                )
            result = self.node("Mul", [result, factors], f"product_{position}") if result else factors
        self.node("Concat", [base, result], FEATURES, axis=1)
