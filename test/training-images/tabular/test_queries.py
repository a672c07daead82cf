"""What a processing job says about the spec's queries, and about the spec itself, when they are at fault."""

from pathlib import Path
from typing import Any

import pytest

from perennial_tabular.faults import InvalidInput
from perennial_tabular.layout import ProcessingLayout
from perennial_tabular.preparing import prepare
from small_workload import csv_text, files_of, processing_folder, small_rows, small_spec


def mistake(root: Path) -> str:
    """The message of the job's failure; it must have written nothing, no report either."""
    with pytest.raises(InvalidInput) as mistaken:
        prepare(ProcessingLayout(root))
    assert files_of(root / "processing/output") == {}
    assert not (root / "spill").exists()
    return str(mistaken.value)


def faults_in_words(subject: str, faults: list[str]) -> str:
    return "\n  ".join(
        [f"{subject} is refused, {len(faults)} fault{'s' if len(faults) > 1 else ''}:", *faults]
    )


@pytest.mark.parametrize(
    ("sql", "faults"),
    [
        ("SELECT * FROM source", ["earlier: the query must return this column"]),
        (
            "SELECT * EXCLUDE (note), 0 AS earlier, 1 AS surplus FROM source",
            [
                "note: the query must return this column",
                "surplus: neither a column of the source nor in the spec's `derived`",
            ],
        ),
        ("SELEC", ['(root): Parser Error: syntax error at or near "SELEC"']),
        (
            "SELECT *, 0 AS earlier FROM files",
            ["file_row: neither a column of the source nor in the spec's `derived`"],
        ),
    ],
)
def test_a_features_query_of_other_columns_is_refused(tmp_path: Path, sql: str, faults: list[str]) -> None:
    assert mistake(processing_folder(tmp_path, sql=sql)) == faults_in_words("features.sql", faults)


def test_a_features_query_that_loses_or_repeats_rows_is_refused(tmp_path: Path) -> None:
    sql = (
        "SELECT *, 0 AS earlier FROM source WHERE person <> 'p1' "
        "UNION ALL SELECT *, 0 FROM source WHERE person = 'p2'"
    )
    rows = small_rows()
    returned = [row["id"] for row in rows if row["person"] != "p1"]
    returned += [row["id"] for row in rows if row["person"] == "p2"]
    assert mistake(processing_folder(tmp_path, sql=sql)) == faults_in_words(
        "features.sql",
        [
            f"(root): given 1200 rows, returns {len(returned)} with {len(set(returned))} keys; "
            "expected each row once"
        ],
    )


def with_rows_query(root: Path, sql: str) -> Path:
    """The small workload, whose files hold `number` in place of `id`."""
    spec = small_spec()
    header = ["number", *list(small_rows(1)[0])[1:]]
    spec["source"]["rows"] = {"sql": "rows.sql", "columns": header}
    raw = csv_text(small_rows()).replace("id,", "number,", 1)
    processing_folder(root, spec=spec, raw=raw)
    (root / "processing/input/spec/rows.sql").write_text(sql, "utf-8")
    return root


def test_a_rows_query_makes_the_rows_of_the_files(tmp_path: Path, prepared_small: Path) -> None:
    root = with_rows_query(tmp_path, "SELECT * EXCLUDE (file_row) RENAME (number AS id) FROM files -- end")
    prepare(ProcessingLayout(root))
    for name in ("holdout", "audit"):
        rows = f"processing/output/{name}/rows.jsonl.gz"
        assert (root / rows).read_bytes() == (prepared_small / rows).read_bytes()


def test_a_rows_query_may_count_the_rows_of_all_files(tmp_path: Path, prepared_small: Path) -> None:
    sql = "SELECT * EXCLUDE (number, file_row), 993 + 7 * file_row AS id FROM files"
    root = with_rows_query(tmp_path, sql)
    raw = root / "processing/input/raw/rows.csv"
    header, *lines = raw.read_text("utf-8").splitlines()
    # In order of the files' names, whichever is the longer one.
    raw.write_text("\n".join([header, *lines[1000:]]) + "\n", "utf-8")
    (root / "processing/input/raw/more.csv").write_text("\n".join([header, *lines[:1000]]) + "\n", "utf-8")
    prepare(ProcessingLayout(root))
    rows = "processing/output/holdout/rows.jsonl.gz"
    assert (root / rows).read_bytes() == (prepared_small / rows).read_bytes()


@pytest.mark.parametrize(
    ("sql", "faults"),
    [
        (
            "SELECT * FROM files",
            [
                "id: the query must return this column",
                "file_row: neither in source.columns nor in source.unused",
                "number: neither in source.columns nor in source.unused",
            ],
        ),
        ("SELECT", ["(root): Parser Error: SELECT clause without selection list"]),
    ],
)
def test_a_rows_query_of_other_columns_is_refused(tmp_path: Path, sql: str, faults: list[str]) -> None:
    assert mistake(with_rows_query(tmp_path, sql)) == faults_in_words("rows.sql", faults)


def test_a_spec_that_breaks_its_contract_is_refused_with_every_fault(tmp_path: Path) -> None:
    spec: dict[str, Any] = small_spec()
    spec["checks"]["unseenShare"] = 2
    spec["algorithms"][0]["hyperparameters"]["eta"] = 0
    del spec["title"]
    assert mistake(processing_folder(tmp_path, spec=spec)) == faults_in_words(
        "spec.json",
        [
            "(root): 'title' is a required property",
            "algorithms.0.hyperparameters.eta: given 0; expected a number above 0",
            "checks.unseenShare: given 2; expected a number at most 1",
        ],
    )


def test_a_spec_channel_without_its_files_is_refused(tmp_path: Path) -> None:
    spec = small_spec()
    spec["source"]["rows"] = {"sql": "rows.sql", "columns": ["id"]}
    spec["entities"] = {
        "color_form": {
            "description": "a color",
            "key": "color",
            "maxAge": 100,
            "lookups": [{"by": "color", "columns": {"earlier": "rows_before"}}],
        }
    }
    root = processing_folder(tmp_path, spec=spec)
    (root / "processing/input/spec/features.sql").unlink()
    assert mistake(root) == faults_in_words(
        "channel spec",
        [
            f"{name}: expected this file, given none"
            for name in ("features.sql", "rows.sql", "entities/color_form.sql")
        ],
    )


def test_the_outputs_of_an_earlier_run_do_not_survive_a_failed_one(tmp_path: Path) -> None:
    root = processing_folder(tmp_path)
    prepare(ProcessingLayout(root))
    (root / "processing/input/spec/features.sql").write_text("SELEC")
    mistake(root)
