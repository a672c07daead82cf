"""The graph's feature part against the plain reference."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feature_reference import Record, features_of
from perennial_tabular.faults import InvalidInput
from perennial_tabular.feature_graph import FeatureGraph
from perennial_tabular.layout import TrainingLayout
from perennial_tabular.model_graph import CHUNK_ROWS, Runner, feature_model
from perennial_tabular.rows import read_prepared
from perennial_tabular.spec import Spec
from perennial_tabular.tensors import Batch, TensorLayout, check_kinds
from small_workload import CODES, small_spec

SPEC = Spec(small_spec(), {}, "")
GRAPH = FeatureGraph.of(SPEC)
RUNNER = Runner(feature_model(GRAPH))


def texts(*levels: str) -> st.SearchStrategy[str | None]:
    return (
        st.none()
        | st.sampled_from(levels)
        | st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1)
    )


def whole(high: int) -> st.SearchStrategy[int | None]:
    return st.none() | st.integers(0, high)


CODE = (
    st.none()
    | st.sampled_from([code for code in CODES if code])
    | st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,2})?", fullmatch=True)
)
RECORDS: st.SearchStrategy[Record] = st.fixed_dictionaries(
    {
        "color": texts("red", "green", "1"),
        "grade": texts("low", "mid", "high"),
        "code_1": CODE | st.from_regex(r"[VE][0-9]{1,3}", fullmatch=True),
        "code_2": CODE,
        "dose_a": texts("No", "Up", "Down"),
        "dose_b": texts("No", "Up", "Down"),
        "weight": st.none() | st.floats(-5, 5, width=32),
        "visits": whole(20),
        "stays": whole(20),
        "earlier": whole(100),
        # Before 1970, and as far as four digits of a year go.
        "day": st.none() | st.integers(-20_000, 2_932_896),
    }
)
NOTHING: Record = dict.fromkeys(SPEC.readable)


def batch_of(layout: TensorLayout, records: list[Record]) -> Batch:
    strings = np.empty((len(records), len(layout.texts)), object)
    numbers = np.empty((len(records), len(layout.numbers)), np.float32)
    for row, record in enumerate(records):
        strings[row] = [record[column.name] or "" for column in layout.texts]
        numbers[row] = [
            math.nan if record[column.name] is None else record[column.name] for column in layout.numbers
        ]
    return Batch(strings, numbers)


def expected(features: list[dict[str, Any]], names: list[str], records: list[Record]) -> list[list[float]]:
    return [[features_of(features, record)[name] for name in names] for record in records]


@settings(max_examples=300, deadline=None)
@given(st.lists(RECORDS, min_size=1, max_size=5))
def test_every_kind_of_feature_is_what_the_plain_reference_makes_of_the_record(records: list[Record]) -> None:
    given_features = RUNNER.run(batch_of(GRAPH.layout, records))
    np.testing.assert_allclose(given_features, expected(SPEC.features, GRAPH.names, records), rtol=1e-6)


@pytest.mark.parametrize("rows", [0, 1, 2, CHUNK_ROWS - 1, CHUNK_ROWS, CHUNK_ROWS + 1])
def test_a_batch_of_nothing_but_missing_values_has_features_whatever_its_size(rows: int) -> None:
    found = RUNNER.run(batch_of(GRAPH.layout, [NOTHING] * rows))
    assert found.shape == (rows, len(GRAPH.names))
    np.testing.assert_array_equal(found, np.tile(expected(SPEC.features, GRAPH.names, [NOTHING]), (rows, 1)))


@pytest.mark.parametrize(
    ("code", "group"),
    [
        ("428", "heart"),
        ("428.0", "heart"),
        ("785.59", "heart"),
        ("8", "early"),
        ("008", "early"),
        ("08.1", "early"),
        ("V1", "outside"),
        ("V57.2", "outside"),
        ("E812", "outside"),
        ("460", "rest"),
        ("0", "rest"),
        ("250.83", "rest"),
        ("4280", "rest"),
        ("W10", "rest"),
        (None, None),
    ],
)
def test_a_code_lies_in_the_group_of_its_category(code: str | None, group: str | None) -> None:
    found = RUNNER.run(batch_of(GRAPH.layout, [NOTHING | {"code_1": code}]))[0]
    flags = {name: value for name, value in zip(GRAPH.names, found, strict=True) if name.startswith("first=")}
    assert flags == {f"first={name}": float(name == group) for name in ("heart", "early", "outside", "rest")}


@pytest.mark.parametrize(
    ("code", "flag"), [("250.83", 1), ("250", 0), ("2501", 0), ("V57", 1), ("V5", 1), ("V4", 0), ("x250.", 0)]
)
def test_a_prefix_matches_from_the_first_sign_and_its_point_is_a_point(code: str, flag: int) -> None:
    found = RUNNER.run(batch_of(GRAPH.layout, [NOTHING | {"code_1": code}]))[0]
    assert found[GRAPH.names.index("diabetes")] == flag


@pytest.mark.parametrize(
    ("kinds", "inputs"),
    [
        (["number"], ["numbers"]),
        (["sum"], ["numbers"]),
        (["number", "sum"], ["numbers"]),
        (["log"], ["numbers"]),
        (["ratio"], ["numbers"]),
        (["difference"], ["numbers"]),
        (["cycle"], ["numbers"]),
        (["oneHot"], ["strings"]),
        (["count"], ["strings"]),
        (["codeGroup"], ["strings"]),
        (["codeCount"], ["strings"]),
        (["codePrefix"], ["strings"]),
        (["number", "oneHot"], ["strings", "numbers"]),
    ],
)
def test_a_spec_of_few_kinds_has_a_graph_of_its_own(kinds: list[str], inputs: list[str]) -> None:
    raw = small_spec()
    raw["features"] = [feature for feature in raw["features"] if feature["kind"] in kinds]
    graph = FeatureGraph.of(Spec(raw, {}, ""))
    record = NOTHING | {
        "color": "red",
        "code_1": "250.1",
        "code_2": "V10",
        "dose_a": "Up",
        "visits": 3,
        "stays": 2,
        "weight": 1.5,
        "day": 18_262,
    }
    found = Runner(feature_model(graph)).run(batch_of(graph.layout, [record]))
    assert [value.name for value in graph.inputs()] == inputs
    np.testing.assert_array_equal(found, expected(raw["features"], graph.names, [record]))


def test_a_feature_of_the_wrong_type_of_column_is_refused() -> None:
    raw = small_spec()
    raw["features"] = [
        {"kind": "number", "name": "a", "column": "color"},
        {"kind": "oneHot", "name": "b", "column": "visits", "levels": ["1"]},
    ]
    with pytest.raises(InvalidInput) as refusal:
        check_kinds(Spec(raw, {}, ""))
    assert str(refusal.value) == (
        "spec.json is refused, 2 faults:\n"
        "  features.0: number reads color, of type category; expected integer, number or date\n"
        "  features.1: oneHot reads visits, of type integer; expected category or code"
    )


def test_the_features_of_real_encounters_are_those_of_the_reference(hospital: Path) -> None:
    layout = TrainingLayout(hospital)
    spec = Spec.read(layout.spec)
    graph = FeatureGraph.of(spec)
    batch = read_prepared(layout.prepared, spec, graph.layout).parts["validation"].batch.slice(0, 500)
    assert isinstance(batch.strings, np.ndarray)
    records: list[Record] = []
    for strings, numbers in zip(batch.strings, batch.numbers, strict=True):
        record: Record = {
            column.name: text or None for column, text in zip(graph.layout.texts, strings, strict=True)
        }
        named = zip(graph.layout.numbers, numbers, strict=True)
        record |= {column.name: None if np.isnan(number) else float(number) for column, number in named}
        records.append(record)
    found = Runner(feature_model(graph)).run(batch)
    np.testing.assert_array_equal(found, expected(spec.features, graph.names, records))
