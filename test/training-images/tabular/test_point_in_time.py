"""Every workload's features: blind to the future, and the same offline and online."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from derived_rows import Moment, Rows
from perennial_tabular.spec import Spec
from perennial_tabular.sql import identifier
from small_lookup import lookup_folder
from workload_folders import workload, workloads

SMALL = "small"
NAMES = [SMALL, *(one.name for one in workloads())]
WITH_ENTITIES = [SMALL, *(one.name for one in workloads() if (one.folder / "entities").is_dir())]
PLACES = st.floats(0, 1, exclude_max=True)


@pytest.fixture(scope="module")
def rows(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rows]:
    folder: Path = tmp_path_factory.mktemp("rows")
    is_small = request.param == SMALL
    given = Rows.of(lookup_folder(folder) if is_small else workload(request.param).processing_folder(folder))
    yield given
    given.connection.close()


def shuffled_future(spec: Spec, moment: str, cut: float) -> str:
    """The same rows at the same moments, but what happens after `cut` happens to others."""
    fixed = {spec.key, spec.time, spec.group}
    for entity in spec.entities:
        fixed |= {entity.key, *(lookup.by for lookup in entity.lookups)}
    columns = ", ".join(
        f"{'one' if name in fixed else 'other'}.{identifier(name)}" for name in spec.source_names
    )
    return f"""
        WITH future AS (
          SELECT *, count(*) OVER () AS size,
            row_number() OVER (ORDER BY {moment}, {identifier(spec.key)}) - 1 AS place
          FROM everything WHERE {moment} > {cut!r}
        )
        SELECT {columns} FROM future AS one JOIN future AS other ON other.place = (one.place + 7) % one.size
        UNION ALL BY NAME
        SELECT * FROM everything WHERE {moment} <= {cut!r}
    """


@pytest.mark.parametrize("rows", NAMES, indirect=True)
@settings(max_examples=5, deadline=None, derandomize=True)
@given(place=PLACES, is_removed=st.booleans())
def test_the_future_never_changes_a_feature_of_the_past(rows: Rows, place: float, is_removed: bool) -> None:
    moments = rows.moments()
    cut = moments[int(place * len(moments))]
    whole = rows.derived("SELECT * FROM everything")
    other = (
        f"SELECT * FROM everything WHERE {rows.moment} <= {cut!r}"
        if is_removed
        else shuffled_future(rows.spec, rows.moment, cut)
    )
    changed = rows.derived(other)
    key = identifier(rows.spec.key)
    past = rows.connection.execute(f"SELECT {key} FROM everything WHERE {rows.moment} <= {cut!r}").fetchall()
    assert past
    assert {name: changed[name] for (name,) in past} == {name: whole[name] for (name,) in past}


def age(moment: Moment, valid_from: Moment) -> float:
    if isinstance(valid_from, str):
        return (date.fromisoformat(str(moment)) - date.fromisoformat(valid_from)).days
    return float(moment) - valid_from


@pytest.mark.parametrize("rows", WITH_ENTITIES, indirect=True)
@settings(max_examples=5, deadline=None, derandomize=True)
@given(place=PLACES)
def test_a_looked_up_state_is_the_feature_that_a_model_is_trained_on(rows: Rows, place: float) -> None:
    spec, moments = rows.spec, rows.moments()
    now = moments[int(place * len(moments))]
    whole = rows.derived("SELECT * FROM everything")
    rows.derived(f"SELECT * FROM everything WHERE {rows.moment} < {now!r}")
    states = rows.states()
    names = [spec.key, spec.time, *(lookup.by for entity in spec.entities for lookup in entity.lookups)]
    columns = ", ".join(identifier(name) for name in names)
    next_rows = rows.connection.execute(
        f"SELECT {columns} FROM everything WHERE {rows.moment} = {now!r}"
    ).fetchall()
    assert next_rows
    for values in next_rows:
        row = dict(zip(names, values, strict=True))
        trained = dict(zip(spec.derived, whole[row[spec.key]], strict=True))
        for entity in spec.entities:
            for lookup in entity.lookups:
                state: dict[str, Any] | None = states[entity.name].get(row[lookup.by])
                # Too old a state, or one of an event that isn't over yet, is refused by the endpoint.
                if state is not None and not 0 < age(row[spec.time], state["validFrom"]) <= entity.max_age:
                    continue
                found = {} if state is None else state["columns"]
                looked_up = {name: found.get(column) for name, column in lookup.columns.items()}
                assert looked_up == {name: trained[name] for name in lookup.columns}
