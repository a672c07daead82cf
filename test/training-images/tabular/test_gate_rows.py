"""Rows that the data gate refuses together: repeated, of one class, straddling parts, too few, leaking."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gate_report import findings, refused
from small_workload import (
    csv_text,
    every_value,
    part_by_hand,
    processing_folder,
    small_multiclass_spec,
    small_regression_spec,
    small_rows,
    small_spec,
)


def test_rows_that_repeat_others_in_everything_but_the_key_are_refused(tmp_path: Path) -> None:
    rows = small_rows()
    again = [row | {"id": f"{20000 + place}"} for place, row in enumerate(rows[:20])]
    raw = csv_text([*rows, *again, again[0] | {"id": "20020"}])
    (check,) = refused(processing_folder(tmp_path, raw=raw))
    assert check["finding"] == (
        "21 of 1221 rows, 1.72 %, repeat another one in everything but id (20000 like 1000, 20001 like "
        "1007, 20002 like 1014, …); expected at most 1 %; leave out what came twice, or raise "
        "checks.duplicateShare"
    )
    assert (check["name"], check["measured"], check["limit"]) == ("duplicates", 21 / 1221, 0.01)


def test_a_target_of_one_class_is_refused(tmp_path: Path) -> None:
    kept = sum(row["color"] != "blue" for row in small_rows())
    assert findings(processing_folder(tmp_path, raw=every_value("outcome", lambda _: "no"))) == [
        f"classes of outcome: 0 of {kept} rows are positive, 0 %; expected at least 1 %; "
        "add rows of this class"
    ]


def test_a_class_of_too_few_rows_is_refused(tmp_path: Path) -> None:
    spec = small_multiclass_spec()
    spec["checks"]["minClassShare"] = 0.27
    rows = [row for row in small_rows() if row["color"] != "blue"]
    losses = sum(row["result"] == "L" for row in rows)
    assert findings(processing_folder(tmp_path, spec=spec)) == [
        f"classes of result: {losses} of {len(rows)} rows are loss, {losses / len(rows) * 100:.4g} %; "
        "expected at least 27 %; add rows of this class, or lower checks.minClassShare"
    ]


def test_parts_without_a_class_are_refused_by_name(tmp_path: Path) -> None:
    spec = small_spec()
    rows = [
        row if part_by_hand(row["person"], spec) == "train" else row | {"outcome": "no"}
        for row in small_rows()
    ]
    kept = Counter(part_by_hand(row["person"], spec) for row in rows if row["color"] != "blue")
    assert findings(processing_folder(tmp_path, raw=csv_text(rows))) == [
        f"classes of outcome: the {part} part has {kept[part]} rows, none of them positive; "
        "expected every class in every part; add rows, or change the split"
        for part in ("validation", "calibration", "holdout", "audit")
    ]


def test_a_quantity_that_hardly_varies_is_refused(tmp_path: Path) -> None:
    raw = every_value("days", lambda row: "30" if row["id"] == "1000" else "7")
    kept = sum(row["color"] != "blue" for row in small_rows())
    assert findings(processing_folder(tmp_path, spec=small_regression_spec(), raw=raw)) == [
        f"classes of days: 1 of {kept} rows, {100 / kept:.4g} %, differ from 7, the most frequent value; "
        "expected at least 1 %"
    ]


LEAKING_SQL = "SELECT *, {} AS earlier FROM source"


@pytest.mark.parametrize(
    ("spec", "sql", "measure", "mended"),
    [
        (small_spec, "CASE outcome WHEN 'yes' THEN 7 ELSE 3 END", "strength 1.000 (Gini)", "outcome"),
        (small_spec, "CASE outcome WHEN 'yes' THEN 7 END", "strength 1.000 (Gini)", "outcome"),
        (small_multiclass_spec, "CASE result WHEN 'D' THEN 7 ELSE 3 END", "strength 1.000 (Gini)", "result"),
        (
            small_regression_spec,
            "100 - CAST(days AS BIGINT)",
            "strength 1.000 (rank correlation)",
            "days",
        ),
    ],
)
def test_a_column_that_gives_the_outcome_away_is_refused(
    tmp_path: Path, spec: Callable[[], dict[str, Any]], sql: str, measure: str, mended: str
) -> None:
    (check,) = refused(processing_folder(tmp_path, spec=spec(), sql=LEAKING_SQL.format(sql)))
    assert (check["name"], check["column"], check["measured"], check["limit"]) == (
        "leakage",
        "earlier",
        1,
        0.95,
    )
    assert check["finding"] == (
        f"the column alone tells {mended} with {measure}; expected at most 0.95; move it to source.unused "
        "if it is known only with or after the outcome, or raise checks.singleColumnStrength"
    )


def test_a_text_that_gives_the_outcome_away_is_refused_and_one_of_a_level_per_row_is_not(
    tmp_path: Path,
) -> None:
    rows = [
        row
        | {"code_1": "250" if row["outcome"] == "yes" else "V57", "code_2": f"{place % 1000}.{place // 1000}"}
        for place, row in enumerate(small_rows())
    ]
    (check,) = refused(processing_folder(tmp_path, raw=csv_text(rows)))
    assert (check["name"], check["column"], check["measured"]) == ("leakage", "code_1", 1)


def by_column() -> dict[str, Any]:
    """The small workload, whose `note` names the part."""
    spec = small_spec()
    spec["split"] = {"by": "column", "group": "person", "column": "note"}
    return spec


def test_a_group_in_two_parts_is_refused(tmp_path: Path) -> None:
    spec = small_spec()
    rows = [row | {"note": part_by_hand(row["person"], spec)} for row in small_rows()]
    strays = [row for row in rows if row["color"] != "blue" and row["note"] == "train"]
    person = max(Counter(row["person"] for row in strays).items(), key=lambda item: item[1])[0]
    next(row for row in strays if row["person"] == person)["note"] = "audit"
    (check,) = refused(processing_folder(tmp_path, spec=by_column(), raw=csv_text(rows)))
    assert check["finding"] == (
        f"1 of person has rows in several parts: {person} (audit and train); expected each in one, or the "
        "holdout is no test; move split.starts, or group the rows otherwise"
    )
    assert (check["name"], check["column"], check["measured"]) == ("overlap", "person", 1)
    assert check["examples"] == [{"key": person, "value": "audit and train"}]


def test_a_part_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    spec = small_spec()
    rows = [row | {"note": part_by_hand(row["person"], spec)} for row in small_rows()]
    rows[0]["note"], rows[1]["note"] = "test", ""
    assert findings(processing_folder(tmp_path, spec=by_column(), raw=csv_text(rows))) == [
        "levels of note: 1 of 1200 rows: id 1000 with “test”; "
        "expected one of train, validation, calibration, holdout, audit",
        "missing of note: 1 of 1200 rows: id 1007 with nothing; expected a value; it names the part",
    ]


def test_fewer_rows_than_the_spec_wants_are_refused(tmp_path: Path) -> None:
    spec = small_spec()
    spec["source"]["minRows"] = 5000
    kept = sum(row["color"] != "blue" for row in small_rows())
    assert findings(processing_folder(tmp_path, spec=spec)) == [
        f"rows: {kept} rows remain after exclusions; expected at least 5000; "
        "add rows, or lower source.minRows"
    ]
