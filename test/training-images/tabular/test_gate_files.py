"""Files that the data gate refuses as a whole, and the report as it is read."""

import gzip
import hashlib
from pathlib import Path

from gate_report import findings, refused, report
from small_workload import (
    csv_text,
    processing_folder,
    set_values,
    small_rows,
)

HEADER = list(small_rows(1)[0])


def test_every_fault_of_every_file_is_reported_at_once(tmp_path: Path) -> None:
    root = processing_folder(tmp_path, raw=set_values("visits", {3: "abc"}))
    second = [
        {name: value for name, value in row.items() if name != "color"} | {"id": f"{place + 1}", "shoe": "42"}
        for place, row in enumerate(small_rows(3))
    ]
    second[1]["weight"] = "heavy"
    (root / "processing/input/raw/rows2.csv").write_text(csv_text(second))
    (root / "processing/input/raw/rows3.csv").write_text("")
    assert findings(root) == [
        "columns of color: rows2.csv lacks the column; the spec names it",
        "columns of shoe: rows2.csv has a column that the spec doesn't know; "
        "add it to source.columns or, with a reason, to source.unused",
        "columns: rows3.csv is empty; expected a header and rows",
        "types of weight: 1 of 1203 rows: id 2 with “heavy”; expected a number from -5 to 5",
        "types of visits: 1 of 1203 rows: id 1021 with “abc”; expected a whole number from 0 to 20 visits",
    ]
    told = {check["name"]: check["outcome"] for check in report(root)["checks"]}
    assert set(told.values()) == {"failed", "not asked"}


def test_a_column_that_occurs_twice_is_refused(tmp_path: Path) -> None:
    lines = csv_text(small_rows()).splitlines()
    raw = "\n".join([f"{lines[0]},note", *(f"{line},x" for line in lines[1:])]) + "\n"
    assert findings(processing_folder(tmp_path, raw=raw)) == [
        "columns of note: rows.csv has the column more than once; expected it once"
    ]


def test_no_file_is_refused(tmp_path: Path) -> None:
    root = processing_folder(tmp_path)
    (root / "processing/input/raw/rows.csv").rename(root / "processing/input/raw/rows.txt")
    assert findings(root) == ["columns: expected at least one .csv or .csv.gz file, given none"]


def test_a_header_without_rows_is_refused(tmp_path: Path) -> None:
    root = processing_folder(tmp_path, raw=",".join(HEADER) + "\n")
    assert findings(root) == ["rows: the files hold a header and no rows"]


def test_a_file_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    root = processing_folder(tmp_path)
    raw = root / "processing/input/raw/rows.csv"
    whole = gzip.compress(raw.read_bytes())
    raw.unlink()
    (root / "processing/input/raw/rows.csv.gz").write_bytes(whole[: len(whole) // 2])
    (finding,) = findings(root)
    assert finding.startswith("columns: rows.csv.gz cannot be read as CSV")
    assert finding.endswith("upload the file again")


def test_lines_with_too_few_or_too_many_fields_are_refused(tmp_path: Path) -> None:
    lines = csv_text(small_rows()).splitlines()
    lines[5] = "1,2,3"
    lines[9] += ",surplus"
    assert findings(processing_folder(tmp_path, raw="\n".join(lines) + "\n")) == [
        "columns: in rows.csv 2 lines are not rows of 16 fields, the first is line 6 (missing columns); "
        "mend them, or upload the file again"
    ]


def test_text_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    root = processing_folder(tmp_path)
    raw = root / "processing/input/raw/rows.csv"
    raw.write_bytes(raw.read_bytes().replace(b"violet", b"violet\xe9", 1))
    (finding,) = findings(root)
    assert finding.startswith("columns: ")
    assert "rows.csv" in finding


def test_a_value_that_a_query_stumbles_over_is_refused_by_the_querys_name(tmp_path: Path) -> None:
    sql = "SELECT *, CAST(note AS BIGINT) AS earlier FROM source"
    (finding,) = findings(processing_folder(tmp_path, sql=sql))
    assert finding.startswith("types: features.sql stumbles over a value: Conversion Error: ")
    assert finding.endswith("; mend it, or exclude its rows in the query")


def test_the_message_names_the_snapshot_and_stays_within_what_sagemaker_keeps(tmp_path: Path) -> None:
    rows = small_rows()
    for column in ("visits", "weight", "stays"):
        for row in rows[:5]:
            row[column] = "9" * 79
    refused(processing_folder(tmp_path, raw=csv_text(rows)))
    message = (tmp_path / "output/message").read_text("utf-8")
    assert message.startswith(
        f"refused {report(tmp_path)['snapshotSha256']}: 3 checks failed: ranges of weight: "
    )
    assert message.endswith("…")
    assert len(message) <= 1024


def test_the_readable_report_lists_what_failed_first_and_shows_the_rows(tmp_path: Path) -> None:
    refused(processing_folder(tmp_path, raw=set_values("visits", {3: "a|b"})))
    text = (tmp_path / "processing/output/gate/gate.md").read_text("utf-8")
    checks = text[text.index("| Check |") :].splitlines()
    assert checks[2] == (
        "| types | visits | **failed** | 0.000833333 | 0 | 1 of 1200 rows: id 1021 with “a\\|b”; "
        "expected a whole number from 0 to 20 visits |"
    )
    assert "**Refused**: 1 of 14 checks failed. Nothing was trained." in text
    assert checks[-3:] == ["Rows that show it, types of visits:", "", "- 1021: a\\|b"]


def test_the_snapshots_name_is_the_hash_over_names_and_hashes_of_the_files(prepared_small: Path) -> None:
    raw = (prepared_small / "processing/input/raw/rows.csv").read_bytes()
    line = f"rows.csv\0{hashlib.sha256(raw).hexdigest()}\n"
    assert report(prepared_small)["snapshotSha256"] == hashlib.sha256(line.encode()).hexdigest()
    assert (prepared_small / "output/message").read_text() == (
        f"accepted {report(prepared_small)['snapshotSha256']}"
    )
