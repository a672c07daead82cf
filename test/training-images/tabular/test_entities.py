"""The states of entities: what the processing job writes for look-ups, and which it refuses."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from perennial_tabular.faults import InvalidInput
from perennial_tabular.layout import ProcessingLayout
from perennial_tabular.preparing import prepare
from small_lookup import STATES_SQL, lookup_folder
from small_workload import files_of, small_rows


def latest_by_hand(grade: str) -> dict[str, Any]:
    rows = [row for row in small_rows() if row["grade"] == grade]
    visits = [int(row["visits"]) for row in rows if row["visits"]]
    return {
        "key": grade,
        "validFrom": max(int(row["id"]) for row in rows),
        "columns": {"rows_before": len(rows), "visits_before": sum(visits) / len(visits)},
    }


def test_the_latest_state_of_each_entity_is_written_in_order_of_the_keys(tmp_path: Path) -> None:
    root = lookup_folder(tmp_path)
    prepare(ProcessingLayout(root))
    written = files_of(root / "processing/output/entities")
    assert list(written) == ["grade_form.jsonl.gz"]
    lines = gzip.decompress(written["grade_form.jsonl.gz"]).decode().splitlines()
    assert [json.loads(line) for line in lines] == [latest_by_hand(grade) for grade in ("high", "low", "mid")]


def test_a_workload_without_entities_leaves_a_file_all_the_same(prepared_small: Path) -> None:
    assert files_of(prepared_small / "processing/output/entities") == {"none.json": b"{}\n"}


@pytest.mark.parametrize(
    ("states", "fault"),
    [
        (
            STATES_SQL.replace("AS rows_before", "AS rows_so_far"),
            "rows_before: the query must return this column",
        ),
        (
            STATES_SQL.replace("LEAD(CAST(id AS BIGINT)) OVER by_id", "NULL::BIGINT"),
            "(root): 1197 states, the first grade high: expected valid_to to be the valid_from of the "
            "entity's next state, and null in its latest",
        ),
        (
            f"SELECT * REPLACE (NULLIF(valid_from, 1000) AS valid_from) FROM ({STATES_SQL})",
            "(root): 1 state, the first grade mid: expected grade and valid_from in every state",
        ),
        (
            f"{STATES_SQL.replace('WINDOW', 'WHERE id = id WINDOW')} UNION ALL "
            "SELECT 'top', 7, 7, 0, 0 UNION ALL SELECT 'top', 7, NULL, 0, 0",
            "(root): 1 state, the first grade top: two states begin at once; "
            "expected one state for each event",
        ),
        ("SELEC", '(root): Parser Error: syntax error at or near "SELEC"'),
    ],
)
def test_states_that_do_not_follow_one_another_are_the_owners_mistake(
    tmp_path: Path, states: str, fault: str
) -> None:
    root = lookup_folder(tmp_path, states)
    with pytest.raises(InvalidInput) as mistaken:
        prepare(ProcessingLayout(root))
    assert str(mistaken.value) == f"entities/grade_form.sql is refused, 1 fault:\n  {fault}"
    assert files_of(root / "processing/output") == {}
