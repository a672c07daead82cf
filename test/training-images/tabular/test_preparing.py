"""What a processing job makes of good source files."""

import csv
import gzip
import hashlib
import io
import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from perennial_tabular.layout import ProcessingLayout
from perennial_tabular.preparing import prepare
from small_workload import PARTS, csv_text, files_of, part_by_hand, processing_folder, small_rows, small_spec


def sealed_rows(root: Path, part: str) -> list[dict[str, Any]]:
    text = gzip.decompress((root / f"processing/output/{part}/rows.jsonl.gz").read_bytes()).decode()
    return [json.loads(line) for line in text.splitlines()]


def open_rows(root: Path) -> list[tuple[str, str, str, int]]:
    """Key, group, part and label of the rows that the training job may see."""
    parquet = root / "processing/output/prepared/rows.parquet"
    found = duckdb.execute(f"SELECT key, \"group\", part, label FROM '{parquet}'").fetchall()
    return [tuple(row) for row in found]


def test_every_group_lies_in_the_part_that_its_salted_hash_names(small: Path) -> None:
    spec = small_spec()
    rows = [(group, part) for _, group, part, _ in open_rows(small)]
    rows += [(row["group"], part) for part in ("holdout", "audit") for row in sealed_rows(small, part)]
    assert {part for _, part in rows} == set(PARTS)
    assert [part for _, part in rows] == [part_by_hand(group, spec) for group, _ in rows]


def test_no_patient_is_in_two_parts_and_no_encounter_is_lost(hospital: Path) -> None:
    kept = {key: (group, part) for key, group, part, _ in open_rows(hospital)}
    for part in ("holdout", "audit"):
        for row in sealed_rows(hospital, part):
            assert row["record"]["encounter_id"] not in kept
            assert row["group"] == row["record"]["patient_nbr"]
            kept[row["record"]["encounter_id"]] = (row["group"], part)
    parts_of: dict[str, set[str]] = {}
    for group, part in kept.values():
        parts_of.setdefault(group, set()).add(part)
    assert [group for group, parts in parts_of.items() if len(parts) > 1] == []
    raw = gzip.decompress((hospital / "processing/input/raw/diabetic_data.csv.gz").read_bytes()).decode()
    gone = {"11", "13", "14", "19", "20", "21"}
    rows = csv.DictReader(io.StringIO(raw, newline=""))
    assert set(kept) == {row["encounter_id"] for row in rows if row["discharge_disposition_id"] not in gone}
    assert len(kept) == 99_343


def test_a_sealed_row_holds_the_record_as_a_caller_would_send_it_without_the_outcome(small: Path) -> None:
    rows = {row["id"]: row for row in small_rows()}
    sealed = [row for part in ("holdout", "audit") for row in sealed_rows(small, part)]
    assert len(sealed) > 100
    for row in sealed:
        source = rows[row["record"]["id"]]
        texts = {
            name: None if source[name] in ("", "?", "NA") else source[name]
            for name in ("color", "grade", "code_1", "code_2", "dose_a", "dose_b", "id", "person", "note")
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


def test_the_document_counts_and_hashes_every_part(small: Path) -> None:
    output = small / "processing/output"
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
        counts = {name: document["parts"][part][name] for name in ("rows", "groups", "positives")}
        assert counts == {
            "rows": len(rows),
            "groups": len({row["person"] for row in rows}),
            "positives": sum(row["outcome"] == "yes" for row in rows),
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
        "holdout/prepared.json",
        "holdout/rows.jsonl.gz",
        "prepared/prepared.json",
        "prepared/rows.parquet",
    ]


def test_the_training_job_receives_no_row_of_a_sealed_part(small: Path) -> None:
    assert {part for _, _, part, _ in open_rows(small)} == {"train", "validation", "calibration"}


@pytest.mark.parametrize("order", [1, -1])
def test_the_same_rows_are_the_same_bytes_in_whatever_files_and_order_they_come(
    tmp_path: Path, small: Path, order: int
) -> None:
    rows = small_rows()[::order]
    root = processing_folder(tmp_path, raw=csv_text(rows[:500], list(rows[0])[::-1]))
    (root / "processing/input/raw/more.csv.gz").write_bytes(
        gzip.compress(csv_text(rows[500:]).encode("utf-8-sig"))
    )
    prepare(ProcessingLayout(root))
    assert files_of(root / "processing/output") == files_of(small / "processing/output")


def test_a_group_keeps_its_part_when_rows_are_added(tmp_path: Path, small: Path) -> None:
    root = processing_folder(tmp_path, raw=csv_text(small_rows(2400)))
    prepare(ProcessingLayout(root))
    before = {group: part for _, group, part, _ in open_rows(small)}
    after = {group: part for _, group, part, _ in open_rows(root)}
    common = before.keys() & after.keys()
    assert len(common) > 100
    assert {group: after[group] for group in common} == {group: before[group] for group in common}


def test_carriage_returns_and_a_byte_order_mark_change_nothing(tmp_path: Path, small: Path) -> None:
    root = processing_folder(tmp_path)
    raw = root / "processing/input/raw/rows.csv"
    raw.write_bytes(b"\xef\xbb\xbf" + raw.read_bytes().replace(b"\n", b"\r\n"))
    prepare(ProcessingLayout(root))
    assert files_of(root / "processing/output") == files_of(small / "processing/output")
