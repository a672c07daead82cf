"""The hospital's `features.sql`: right, and blind to the future."""

from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

SQL = (Path(__file__).parents[3] / "workloads/hospital-readmission/features.sql").read_text()
WINDOW = 88_000_000
READ = ("encounter_id", "patient_nbr", "time_in_hospital", "admission_type_id", "number_inpatient")
Encounter = tuple[int, int, int, int, int]
History = tuple[int, int, int, int]

# Ids a window apart, give or take one, are where a wrong bound shows.
IDS = st.integers(1, 400_000_000) | st.integers(1, 5).flatmap(
    lambda many: st.sampled_from([many * WINDOW + step for step in (-1, 0, 1)])
)
ENCOUNTERS = st.lists(
    st.tuples(IDS, st.integers(1, 3), st.integers(1, 14), st.integers(1, 3), st.integers(0, 9)),
    max_size=25,
    unique_by=lambda encounter: encounter[0],
)


def histories(encounters: list[Encounter]) -> dict[int, History]:
    """By encounter: number of earlier ones, their days, their emergencies, the largest number_inpatient."""
    with duckdb.connect(":memory:", config={"threads": 1}) as connection:
        columns = ", ".join(f"{name} VARCHAR" for name in (*READ, "readmitted"))
        connection.execute(f"CREATE TABLE source ({columns})")
        if encounters:
            connection.executemany(
                "INSERT INTO source VALUES (?, ?, ?, ?, ?, '<30')",
                [[str(value) for value in encounter] for encounter in encounters],
            )
        found = connection.execute(
            "SELECT CAST(encounter_id AS BIGINT), prior_encounters, prior_days_in_hospital, "
            f"prior_emergency_admissions, prior_peak_inpatient FROM ({SQL})"
        ).fetchall()
    return {row[0]: row[1:] for row in found}


def history_by_hand(encounter: Encounter, encounters: list[Encounter]) -> History:
    earlier = [
        other for other in encounters if other[1] == encounter[1] and 1 <= encounter[0] - other[0] <= WINDOW
    ]
    return (
        len(earlier),
        sum(other[2] for other in earlier),
        sum(other[3] == 1 for other in earlier),
        max((other[4] for other in earlier), default=0),
    )


@settings(max_examples=60, deadline=None)
@given(ENCOUNTERS)
def test_a_history_counts_the_patients_encounters_of_the_window_before(encounters: list[Encounter]) -> None:
    assert histories(encounters) == {
        encounter[0]: history_by_hand(encounter, encounters) for encounter in encounters
    }


@settings(max_examples=60, deadline=None)
@given(ENCOUNTERS, ENCOUNTERS, IDS)
def test_what_happens_later_never_changes_a_history(
    past: list[Encounter], future: list[Encounter], now: int
) -> None:
    past = [encounter for encounter in past if encounter[0] <= now]
    future = [encounter for encounter in future if encounter[0] > now]
    alone, with_future = histories(past), histories([*past, *future])
    assert {key: with_future[key] for key in alone} == alone


@pytest.mark.parametrize("reading", ["readmitted", "ROW_NUMBER", "LEAD", "FOLLOWING"])
def test_the_query_names_neither_the_outcome_nor_the_future(reading: str) -> None:
    statement = "\n".join(line for line in SQL.splitlines() if not line.startswith("--"))
    assert reading.lower() not in statement.lower()
