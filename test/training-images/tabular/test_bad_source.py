"""What a processing job says about source files that its owner has to mend."""

import gzip
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from perennial_tabular.faults import InvalidInput
from perennial_tabular.layout import ProcessingLayout
from perennial_tabular.preparing import prepare
from small_workload import (
    CODE,
    Row,
    csv_text,
    files_of,
    part_by_hand,
    processing_folder,
    small_rows,
    small_spec,
)

HEADER = list(small_rows(1)[0])


def refusal(root: Path) -> str:
    """The message of the job's refusal; it must have written nothing."""
    with pytest.raises(InvalidInput) as refused:
        prepare(ProcessingLayout(root))
    assert files_of(root / "processing/output") == {}
    return str(refused.value)


def changed(change: Callable[[list[Row]], None]) -> list[Row]:
    rows = small_rows()
    change(rows)
    return rows


def one_fault(fault: str) -> str:
    return f"source is refused, 1 fault:\n  {fault}"


def set_values(column: str, values: dict[int, str]) -> Callable[[list[Row]], None]:
    def change(rows: list[Row]) -> None:
        for place, value in values.items():
            rows[place][column] = value

    return change


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (
            set_values("visits", {3: "abc"}),
            'visits: 1 row: id 1021 with "abc"; expected a whole number from 0 to 20 visits',
        ),
        (
            set_values("visits", {0: "21", 1: "-1", 2: "1.5", 3: "nan", 4: "1_0"}),
            'visits: 5 rows: id 1000 with "21", id 1007 with "-1", id 1014 with "1.5", …; '
            "expected a whole number from 0 to 20 visits",
        ),
        (
            set_values("weight", {2: "5.01"}),
            'weight: 1 row: id 1014 with "5.01"; expected a number from -5 to 5',
        ),
        (
            set_values("grade", {0: "High", 1: ""}),
            "grade: 1 row: id 1007 with nothing; expected a value; the column is required\n"
            '  grade: 1 row: id 1000 with "High"; expected one of low, mid, high',
        ),
        (
            set_values("code_1", {0: "25O.1"}),
            f'code_1: 1 row: id 1000 with "25O.1"; expected a code that matches {CODE}',
        ),
        (
            set_values("outcome", {0: "maybe"}),
            'outcome: 1 row: id 1000 with "maybe"; expected one of yes, no',
        ),
        (set_values("outcome", {0: "?"}), "outcome: 1 row: id 1000 with nothing; expected one of yes, no"),
        (
            set_values("person", {0: ""}),
            "person: 1 row: id 1000 with nothing; expected a value; it identifies or orders the rows",
        ),
        (
            set_values("id", {1: "1000", 2: "1000", 4: "1021"}),
            "id: 2 keys stand in several rows: 1000 (3 times), 1021 (2 times); expected every key once",
        ),
    ],
)
def test_a_wrong_value_is_refused_with_its_key_and_count(
    tmp_path: Path, change: Callable[[list[Row]], None], fault: str
) -> None:
    message = refusal(processing_folder(tmp_path, raw=csv_text(changed(change))))
    faults = fault.count("\n") + 1
    assert message == f"source is refused, {faults} fault{'s' if faults > 1 else ''}:\n  {fault}"


def test_a_wrong_value_is_shown_no_longer_than_eighty_signs(tmp_path: Path) -> None:
    raw = csv_text(changed(set_values("visits", {0: "9" * 500})))
    shown = '"' + "9" * 79 + "…"
    assert refusal(processing_folder(tmp_path, raw=raw)) == one_fault(
        f"visits: 1 row: id 1000 with {shown}; expected a whole number from 0 to 20 visits"
    )


def test_every_fault_of_every_file_is_reported_at_once(tmp_path: Path) -> None:
    root = processing_folder(tmp_path, raw=csv_text(changed(set_values("visits", {3: "abc"}))))
    second = [
        {name: value for name, value in row.items() if name != "color"} | {"id": f"{place + 1}", "shoe": "42"}
        for place, row in enumerate(small_rows(3))
    ]
    second[1]["weight"] = "heavy"
    (root / "processing/input/raw/rows2.csv").write_text(csv_text(second))
    (root / "processing/input/raw/rows3.csv").write_text("")
    assert refusal(root) == (
        "source is refused, 5 faults:\n"
        "  rows2.csv.color: the column is missing; the spec names it\n"
        "  rows2.csv.shoe: unknown to the spec; "
        "add it to source.columns or, with a reason, to source.unused\n"
        "  rows3.csv: the file is empty; expected a header and rows\n"
        '  weight: 1 row: id 2 with "heavy"; expected a number from -5 to 5\n'
        '  visits: 1 row: id 1021 with "abc"; expected a whole number from 0 to 20 visits'
    )


def test_a_column_that_occurs_twice_is_refused(tmp_path: Path) -> None:
    lines = csv_text(small_rows()).splitlines()
    raw = "\n".join([f"{lines[0]},note", *(f"{line},x" for line in lines[1:])]) + "\n"
    assert refusal(processing_folder(tmp_path, raw=raw)) == one_fault(
        "rows.csv.note: the column occurs more than once"
    )


def test_no_file_is_refused(tmp_path: Path) -> None:
    root = processing_folder(tmp_path)
    (root / "processing/input/raw/rows.csv").rename(root / "processing/input/raw/rows.txt")
    assert refusal(root) == one_fault("raw: expected at least one .csv or .csv.gz file, given none")


def test_a_header_without_rows_is_refused(tmp_path: Path) -> None:
    root = processing_folder(tmp_path, raw=",".join(HEADER) + "\n")
    assert refusal(root) == one_fault("raw: the files hold a header and no rows")


def test_a_file_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    root = processing_folder(tmp_path)
    raw = root / "processing/input/raw/rows.csv"
    whole = gzip.compress(raw.read_bytes())
    raw.unlink()
    (root / "processing/input/raw/rows.csv.gz").write_bytes(whole[: len(whole) // 2])
    message = refusal(root)
    assert message.startswith("source is refused, 1 fault:\n  rows.csv.gz: cannot be read as CSV")
    assert message.endswith("upload the file again")


def test_lines_with_too_few_or_too_many_fields_are_refused(tmp_path: Path) -> None:
    lines = csv_text(small_rows()).splitlines()
    lines[5] = "1,2,3"
    lines[9] += ",surplus"
    message = refusal(processing_folder(tmp_path, raw="\n".join(lines) + "\n"))
    assert message == one_fault(
        "rows.csv: 2 lines are not rows of 13 fields, the first is line 6 (missing columns)"
    )


def test_text_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    root = processing_folder(tmp_path)
    raw = root / "processing/input/raw/rows.csv"
    raw.write_bytes(raw.read_bytes().replace(b"violet", b"violet\xe9", 1))
    assert refusal(root).startswith("source is refused, 1 fault:\n  rows.csv: ")


def test_one_class_only_is_refused(tmp_path: Path) -> None:
    raw = csv_text([row | {"outcome": "no"} for row in small_rows()])
    assert refusal(processing_folder(tmp_path, raw=raw)) == one_fault(
        "outcome: every row is negative; a model needs both classes"
    )


def test_parts_of_one_class_are_refused_by_name(tmp_path: Path) -> None:
    spec = small_spec()
    rows = small_rows()
    for row in rows:
        in_training = part_by_hand(row["person"], spec) == "train"
        row["outcome"] = row["outcome"] if in_training else "no"
    kept = Counter(part_by_hand(row["person"], spec) for row in rows if row["color"] != "blue")
    assert refusal(processing_folder(tmp_path, raw=csv_text(rows))) == "\n  ".join(
        [
            "source is refused, 4 faults:",
            *(
                f"{part}: {kept[part]} rows, 0 of them positive; expected both classes in every part"
                for part in ("validation", "calibration", "holdout", "audit")
            ),
        ]
    )


def test_fewer_rows_than_the_spec_wants_are_refused(tmp_path: Path) -> None:
    spec = small_spec()
    spec["source"]["minRows"] = 5000
    message = refusal(processing_folder(tmp_path, spec=spec))
    kept = sum(row["color"] != "blue" for row in small_rows())
    assert message == one_fault(
        f"rows: {kept} remain after exclusions; expected at least 5000 (source.minRows)"
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
        (
            "SELECT *, 0 AS earlier FROM source WHERE person <> 'p1' "
            "UNION ALL SELECT *, 0 FROM source WHERE person = 'p2'",
            None,
        ),
        (
            "SELECT *, 101 AS earlier FROM source",
            ["earlier: 1200 rows, the first id 1000; expected a whole number from 0 to 100"],
        ),
        (
            "SELECT *, 0.5 AS earlier FROM source",
            ["earlier: 1200 rows, the first id 1000; expected a whole number from 0 to 100"],
        ),
        ("SELEC", ['(root): Parser Error: syntax error at or near "SELEC"']),
    ],
)
def test_a_query_that_does_not_keep_the_rows_or_add_the_columns_is_refused(
    tmp_path: Path, sql: str, faults: list[str] | None
) -> None:
    message = refusal(processing_folder(tmp_path, sql=sql))
    if faults is None:
        rows = small_rows()
        returned = [row["id"] for row in rows if row["person"] != "p1"] + [
            row["id"] for row in rows if row["person"] == "p2"
        ]
        faults = [
            f"(root): given 1200 rows, returns {len(returned)} with {len(set(returned))} keys; "
            "expected each row once"
        ]
    count = f"{len(faults)} fault{'s' if len(faults) > 1 else ''}"
    assert message == "\n  ".join([f"features.sql is refused, {count}:", *faults])


def test_a_spec_that_breaks_its_contract_is_refused_with_every_fault(tmp_path: Path) -> None:
    spec = small_spec()
    spec["split"]["shares"]["audit"] = 2
    spec["algorithm"]["hyperparameters"]["eta"] = 0
    del spec["title"]
    root = processing_folder(tmp_path, spec=spec)
    assert refusal(root) == (
        "spec.json is refused, 3 faults:\n"
        "  (root): 'title' is a required property\n"
        "  algorithm.hyperparameters.eta: given 0; expected a number above 0\n"
        "  split.shares.audit: given 2; expected a number below 1"
    )


def test_a_spec_channel_without_its_files_is_refused(tmp_path: Path) -> None:
    root = processing_folder(tmp_path)
    (root / "processing/input/spec/features.sql").unlink()
    assert (
        refusal(root) == "channel spec is refused, 1 fault:\n  features.sql: expected this file, given none"
    )


def test_the_outputs_of_an_earlier_run_do_not_survive_a_refused_one(tmp_path: Path) -> None:
    root = processing_folder(tmp_path)
    prepare(ProcessingLayout(root))
    (root / "processing/input/raw/rows.csv").write_text("")
    assert refusal(root) == one_fault("rows.csv: the file is empty; expected a header and rows")
