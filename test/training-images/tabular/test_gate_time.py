"""What the data gate compares with a day, a snapshot or the last accepted files."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from gate_report import findings, refused, report
from perennial_tabular.faults import InvalidInput
from perennial_tabular.layout import ProcessingLayout
from perennial_tabular.preparing import prepare
from small_workload import (
    csv_text,
    every_value,
    files_of,
    processing_folder,
    small_rows,
    small_spec,
)

ROWS = len(small_rows())


def by_day(limit: float | None = None) -> dict[str, Any]:
    """The small workload in order of days."""
    spec = small_spec()
    del spec["source"]["columns"]["day"]
    spec["source"]["unused"]["day"] = "the day"
    spec["source"]["time"] = "day"
    spec["checks"]["freshnessDays"] = limit
    return spec


FIRST = date(2020, 1, 1)
DAYS = every_value("day", lambda row: str(FIRST + timedelta((int(row["id"]) - 1000) // 70)))
NEWEST = FIRST + timedelta((ROWS - 1) // 10)


@pytest.mark.parametrize(("age", "is_refused"), [(30, False), (31, True)])
def test_data_that_is_too_old_is_refused(
    tmp_path: Path, age: int, is_refused: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_of = NEWEST + timedelta(age)
    monkeypatch.setenv("PERENNIAL_AS_OF", f"{as_of}T03:00:00Z")
    root = processing_folder(tmp_path, spec=by_day(30), raw=DAYS)
    if is_refused:
        assert findings(root) == [
            f"freshness of day: the newest row is of {NEWEST}, 31 days before {as_of}; "
            "expected at most 30 days; add newer rows, or raise checks.freshnessDays"
        ]
    else:
        prepare(ProcessingLayout(root))
        (check,) = [check for check in report(root)["checks"] if check["name"] == "freshness"]
        assert check["finding"] == f"the newest row is of {NEWEST}, 30 days before {as_of}"
        assert (check["outcome"], check["measured"], check["limit"]) == ("passed", 30, 30)


def test_an_age_that_is_asked_for_without_a_day_is_the_owners_mistake(tmp_path: Path) -> None:
    root = processing_folder(tmp_path, spec=by_day(30), raw=DAYS)
    with pytest.raises(InvalidInput) as mistaken:
        prepare(ProcessingLayout(root))
    assert str(mistaken.value) == (
        "environment is refused, 1 fault:\n"
        "  PERENNIAL_AS_OF: not set; the spec sets checks.freshnessDays, so the day must be given"
    )
    assert files_of(root / "processing/output") == {}


def accept(root: Path, before: Path) -> Path:
    """Gives the job in `root` the profile of the finished job in `before`, as that of accepted files."""
    folder = root / "processing/input/accepted"
    folder.mkdir()
    profile = before / "processing/output/gate/profile.json"
    (folder / "profile.json").write_bytes(profile.read_bytes())
    return root


def test_time_that_goes_backwards_is_refused(tmp_path: Path, prepared_small: Path) -> None:
    root = accept(processing_folder(tmp_path, raw=csv_text(small_rows()[:1000])), prepared_small)
    assert findings(root) == [
        f"time of id: the newest row is at {1000 + 7 * 999}, that of the last accepted files at "
        f"{1000 + 7 * 1199}; expected time to go on; add the rows that are missing at the end"
    ]


def test_files_that_moved_away_from_the_last_accepted_ones_are_refused(
    tmp_path: Path, prepared_small: Path
) -> None:
    spec = small_spec()
    spec["checks"]["drift"]["share"] = 0.1
    rows = [row | {"grade": "high", "visits": "9", "stays": row["stays"]} for row in small_rows()]
    root = accept(processing_folder(tmp_path, spec=spec, raw=csv_text(rows)), prepared_small)
    (check,) = refused(root)
    before = json.loads((prepared_small / "processing/output/gate/profile.json").read_text())
    assert check["name"] == "drift"
    assert check["measured"] == 2 / len(before["columns"])
    assert check["limit"] == 0.1
    assert [example["key"] for example in check["examples"]] == ["visits", "grade"]
    visits, grade = (f"{float(example['value']):.2f}" for example in check["examples"])
    assert check["finding"] == (
        f"2 of {len(before['columns'])} columns moved from the last accepted files by an index above 0.25: "
        f"visits ({visits}), grade ({grade}); expected at most 10 % of the columns; find out what changed at "
        "the source, or raise checks.drift"
    )


def test_the_same_files_again_have_not_moved(tmp_path: Path, prepared_small: Path) -> None:
    root = accept(processing_folder(tmp_path), prepared_small)
    prepare(ProcessingLayout(root))
    told = {check["name"]: check for check in report(root)["checks"]}
    assert (told["drift"]["outcome"], told["drift"]["measured"]) == ("passed", 0)
    assert told["time"]["outcome"] == "passed"
    profiles = [folder / "processing/output/gate/profile.json" for folder in (root, prepared_small)]
    assert profiles[0].read_bytes() == profiles[1].read_bytes()


def test_a_snapshot_that_is_trained_again_is_not_compared_with_what_came_later(
    tmp_path: Path, prepared_small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = accept(processing_folder(tmp_path, raw=csv_text(small_rows()[:1000])), prepared_small)
    assert len(refused(root)) == 1
    monkeypatch.setenv("PERENNIAL_SNAPSHOT", report(root)["snapshotSha256"])
    prepare(ProcessingLayout(root))
    assert report(root)["status"] == "accepted"


def test_other_files_than_the_snapshot_that_was_asked_for_are_the_owners_mistake(
    tmp_path: Path, prepared_small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = processing_folder(tmp_path)
    monkeypatch.setenv("PERENNIAL_SNAPSHOT", "0" * 64)
    with pytest.raises(InvalidInput) as mistaken:
        prepare(ProcessingLayout(root))
    assert str(mistaken.value) == (
        f"environment is refused, 1 fault:\n  PERENNIAL_SNAPSHOT: the job was asked for {'0' * 64}, "
        f"its files are {report(prepared_small)['snapshotSha256']}; "
        "point the input `raw` at the snapshot's folder"
    )
