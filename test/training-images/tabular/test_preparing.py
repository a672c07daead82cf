"""What a processing job makes of good source files."""

import csv
import gzip
import hashlib
import io
import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from perennial_tabular.layout import ProcessingLayout
from perennial_tabular.preparing import prepare
from small_workload import (
    PARTS,
    Row,
    csv_text,
    files_of,
    part_by_hand,
    processing_folder,
    small_multiclass_spec,
    small_regression_spec,
    small_rows,
    small_spec,
)


def sealed_rows(root: Path, part: str) -> list[dict[str, Any]]:
    text = gzip.decompress((root / f"processing/output/{part}/rows.jsonl.gz").read_bytes()).decode()
    return [json.loads(line) for line in text.splitlines()]


def rows_of(root: Path) -> dict[str, bytes]:
    """Every output but the gate's, which names the files that the rows came in."""
    files = files_of(root / "processing/output")
    return {name: content for name, content in files.items() if not name.startswith("gate/")}


def open_rows(root: Path) -> list[tuple[str, str, str, int]]:
    """Key, group, part and label of the rows that the training job may see."""
    parquet = root / "processing/output/prepared/rows.parquet"
    found = duckdb.execute(f"SELECT key, \"group\", part, label FROM '{parquet}'").fetchall()
    return [tuple(row) for row in found]


def test_every_group_lies_in_the_part_that_its_salted_hash_names(prepared_small: Path) -> None:
    spec = small_spec()
    rows = [(group, part) for _, group, part, _ in open_rows(prepared_small)]
    rows += [
        (row["group"], part) for part in ("holdout", "audit") for row in sealed_rows(prepared_small, part)
    ]
    assert {part for _, part in rows} == set(PARTS)
    assert [part for _, part in rows] == [part_by_hand(group, spec) for group, _ in rows]


def test_no_patient_is_in_two_parts_and_no_encounter_is_lost(prepared_hospital: Path) -> None:
    kept = {key: (group, part) for key, group, part, _ in open_rows(prepared_hospital)}
    for part in ("holdout", "audit"):
        for row in sealed_rows(prepared_hospital, part):
            assert row["record"]["encounter_id"] not in kept
            assert row["group"] == row["record"]["patient_nbr"]
            kept[row["record"]["encounter_id"]] = (row["group"], part)
    parts_of: dict[str, set[str]] = {}
    for group, part in kept.values():
        parts_of.setdefault(group, set()).add(part)
    assert [group for group, parts in parts_of.items() if len(parts) > 1] == []
    raw = gzip.decompress(
        (prepared_hospital / "processing/input/raw/diabetic_data.csv.gz").read_bytes()
    ).decode()
    gone = {"11", "13", "14", "19", "20", "21"}
    rows = csv.DictReader(io.StringIO(raw, newline=""))
    assert set(kept) == {row["encounter_id"] for row in rows if row["discharge_disposition_id"] not in gone}
    assert len(kept) == 99_343


def test_a_sealed_row_holds_the_record_as_a_caller_would_send_it_without_the_outcome(
    prepared_small: Path,
) -> None:
    rows = {row["id"]: row for row in small_rows()}
    sealed = [row for part in ("holdout", "audit") for row in sealed_rows(prepared_small, part)]
    assert len(sealed) > 100
    for row in sealed:
        source = rows[row["record"]["id"]]
        texts = {
            name: None if source[name] in ("", "?", "NA") else source[name]
            for name in (
                "color",
                "grade",
                "code_1",
                "code_2",
                "dose_a",
                "dose_b",
                "id",
                "person",
                "note",
                "result",
                "days",
                "day",
            )
        }
        numbers = {
            name: None if source[name] in ("", "?", "NA") else float(source[name])
            for name in ("weight", "visits", "stays")
        }
        earlier = sum(
            other["person"] == source["person"] and 0 < int(source["id"]) - int(other["id"]) <= 1000
            for other in rows.values()
        )
        assert row == {
            "group": source["person"],
            "label": int(source["outcome"] == "yes"),
            "record": texts | numbers | {"earlier": earlier},
        }


def test_the_document_counts_and_hashes_every_part(prepared_small: Path) -> None:
    output = prepared_small / "processing/output"
    document = json.loads((output / "prepared/prepared.json").read_text())
    kept = [row for row in small_rows() if row["color"] != "blue"]
    assert document["rows"] == {
        "read": 1200,
        "excluded": [{"reason": "blue is another question", "rows": 1200 - len(kept)}],
        "kept": len(kept),
    }
    spec = small_spec()
    for part in PARTS:
        rows = [row for row in kept if part_by_hand(row["person"], spec) == part]
        counts = {name: document["parts"][part][name] for name in ("rows", "groups", "classRows")}
        assert counts == {
            "rows": len(rows),
            "groups": len({row["person"] for row in rows}),
            "classRows": [sum(row["outcome"] == outcome for row in rows) for outcome in ("no", "yes")],
        }
    for part in ("holdout", "audit"):
        lines = gzip.decompress((output / part / "rows.jsonl.gz").read_bytes())
        assert document["parts"][part]["sha256"] == hashlib.sha256(lines).hexdigest()
        assert (output / part / "prepared.json").read_bytes() == (
            output / "prepared/prepared.json"
        ).read_bytes()
    assert sorted(files_of(output)) == [
        "audit/prepared.json",
        "audit/rows.jsonl.gz",
        "entities/none.json",
        "gate/gate.json",
        "gate/gate.md",
        "gate/profile.json",
        "holdout/prepared.json",
        "holdout/rows.jsonl.gz",
        "prepared/prepared.json",
        "prepared/rows.parquet",
    ]


def test_the_training_job_receives_no_row_of_a_sealed_part(prepared_small: Path) -> None:
    assert {part for _, _, part, _ in open_rows(prepared_small)} == {"train", "validation", "calibration"}


@pytest.mark.parametrize("order", [1, -1])
def test_the_same_rows_are_the_same_bytes_in_whatever_files_and_order_they_come(
    tmp_path: Path, prepared_small: Path, order: int
) -> None:
    rows = small_rows()[::order]
    root = processing_folder(tmp_path, raw=csv_text(rows[:500], list(rows[0])[::-1]))
    (root / "processing/input/raw/more.csv.gz").write_bytes(
        gzip.compress(csv_text(rows[500:]).encode("utf-8-sig"))
    )
    prepare(ProcessingLayout(root))
    assert rows_of(root) == rows_of(prepared_small)


def test_a_group_keeps_its_part_when_rows_are_added(tmp_path: Path, prepared_small: Path) -> None:
    root = processing_folder(tmp_path, raw=csv_text(small_rows(2400)))
    prepare(ProcessingLayout(root))
    before = {group: part for _, group, part, _ in open_rows(prepared_small)}
    after = {group: part for _, group, part, _ in open_rows(root)}
    common = before.keys() & after.keys()
    assert len(common) > 100
    assert {group: after[group] for group in common} == {group: before[group] for group in common}


def test_carriage_returns_and_a_byte_order_mark_change_nothing(tmp_path: Path, prepared_small: Path) -> None:
    root = processing_folder(tmp_path)
    raw = root / "processing/input/raw/rows.csv"
    raw.write_bytes(b"\xef\xbb\xbf" + raw.read_bytes().replace(b"\n", b"\r\n"))
    prepare(ProcessingLayout(root))
    assert rows_of(root) == rows_of(prepared_small)


def labels_of(root: Path) -> dict[str, float]:
    """Key and label of every row that was prepared, sealed ones too."""
    labels: dict[str, float] = {key: label for key, _, _, label in open_rows(root)}
    for part in ("holdout", "audit"):
        labels |= {row["record"]["id"]: row["label"] for row in sealed_rows(root, part)}
    return labels


def test_a_label_is_the_classs_place_in_its_order(tmp_path: Path) -> None:
    root = processing_folder(tmp_path, spec=small_multiclass_spec())
    prepare(ProcessingLayout(root))
    places = {"L": 0, "D": 1, "W": 2, "WW": 2}
    kept = [row for row in small_rows() if row["color"] != "blue"]
    assert labels_of(root) == {row["id"]: places[row["result"]] for row in kept}
    document = json.loads((root / "processing/output/prepared/prepared.json").read_text())
    counted = [document["parts"][part]["classRows"] for part in PARTS]
    assert [sum(rows) for rows in zip(*counted, strict=True)] == [
        sum(places[row["result"]] == place for row in kept) for place in range(3)
    ]


def test_a_label_of_a_quantity_is_its_value(tmp_path: Path) -> None:
    root = processing_folder(tmp_path, spec=small_regression_spec())
    prepare(ProcessingLayout(root))
    kept = {row["id"]: float(row["days"]) for row in small_rows() if row["color"] != "blue"}
    assert labels_of(root) == kept
    document = json.loads((root / "processing/output/prepared/prepared.json").read_text())
    assert [document["parts"][part]["classRows"] for part in PARTS] == [[]] * 5


def test_a_day_is_iso_text_in_a_record_and_a_date_where_the_training_reads_it(prepared_small: Path) -> None:
    days = {row["id"]: row["day"] or None for row in small_rows()}
    sealed = [row["record"] for part in ("holdout", "audit") for row in sealed_rows(prepared_small, part)]
    assert {row["id"]: row["day"] for row in sealed} == {row["id"]: days[row["id"]] for row in sealed}
    parquet = prepared_small / "processing/output/prepared/rows.parquet"
    read = duckdb.execute(f"SELECT key, record.day FROM '{parquet}'").fetchall()
    assert {key: day and day.isoformat() for key, day in read} == {key: days[key] for key, _ in read}


def parts_of(root: Path) -> dict[str, str]:
    """Key and part of every row that was prepared."""
    parts = {key: part for key, _, part, _ in open_rows(root)}
    for part in ("holdout", "audit"):
        parts |= {row["record"]["id"]: part for row in sealed_rows(root, part)}
    return parts


@pytest.mark.parametrize("is_day", [False, True])
def test_a_split_by_time_teaches_with_the_past_and_judges_by_what_came_after_it(
    tmp_path: Path, is_day: bool
) -> None:
    spec = small_spec()
    rows = small_rows()
    moments = ["2020-02-01", "2020-02-20", "2020-03-10", "2020-04-05"] if is_day else [3000, 4750, 6500, 8250]
    starts = dict(zip(PARTS[1:], moments, strict=True))
    if is_day:
        for place, row in enumerate(rows):
            row["day"] = (date(2020, 1, 1) + timedelta(place // 10)).isoformat()
        spec["source"]["time"] = "day"
    # Every row is a group of its own: those of a person lie on both sides of a day.
    spec["split"] = {"by": "time", "group": "id", "starts": starts}
    root = processing_folder(tmp_path, spec=spec, raw=csv_text(rows))
    prepare(ProcessingLayout(root))

    def part_at(row: Row) -> str:
        moment = row["day"] if is_day else int(row["id"])
        begun = ["train", *(part for part, start in starts.items() if moment >= start)]  # type: ignore[operator]
        return begun[-1]

    assert parts_of(root) == {row["id"]: part_at(row) for row in rows if row["color"] != "blue"}


def test_a_split_by_column_is_what_the_column_says(tmp_path: Path) -> None:
    spec = small_spec()
    spec["split"] = {"by": "column", "group": "id", "column": "note"}
    rows = [row | {"note": PARTS[int(row["id"]) % 5]} for row in small_rows()]
    root = processing_folder(tmp_path, spec=spec, raw=csv_text(rows))
    prepare(ProcessingLayout(root))
    assert parts_of(root) == {row["id"]: row["note"] for row in rows if row["color"] != "blue"}
