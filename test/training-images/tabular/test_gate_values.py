"""Single values that the data gate refuses, and what its report then says."""

from collections import Counter
from pathlib import Path

import pytest

from gate_report import findings, refused
from small_features import CODE
from small_workload import (
    every_value,
    processing_folder,
    set_values,
    small_regression_spec,
    small_rows,
    small_spec,
)

ROWS = len(small_rows())


@pytest.mark.parametrize(
    ("column", "values", "finding"),
    [
        (
            "visits",
            {3: "abc"},
            [
                "types of visits: 1 of 1200 rows: id 1021 with “abc”; "
                "expected a whole number from 0 to 20 visits"
            ],
        ),
        (
            "visits",
            {0: "21", 1: "-1", 2: "1.5", 3: "nan", 4: "1_0"},
            [
                "types of visits: 3 of 1200 rows: id 1014 with “1.5”, id 1021 with “nan”, "
                "id 1028 with “1_0”; expected a whole number from 0 to 20 visits",
                "ranges of visits: 2 of 1200 rows: id 1000 with “21”, id 1007 with “-1”; "
                "expected a whole number from 0 to 20 visits",
            ],
        ),
        (
            "weight",
            {2: "5.01"},
            ["ranges of weight: 1 of 1200 rows: id 1014 with “5.01”; expected a number from -5 to 5"],
        ),
        (
            "day",
            {0: "2020-02-30", 1: "1/2/2020", 2: "20200101", 3: "2019-12-31", 4: "2040-01-01"},
            [
                "types of day: 3 of 1200 rows: id 1000 with “2020-02-30”, id 1007 with “1/2/2020”, "
                "id 1014 with “20200101”; expected a day from 2020-01-01 to 2039-12-31",
                "ranges of day: 2 of 1200 rows: id 1021 with “2019-12-31”, id 1028 with “2040-01-01”; "
                "expected a day from 2020-01-01 to 2039-12-31",
            ],
        ),
        (
            "grade",
            {0: "High", 1: ""},
            [
                "levels of grade: 1 of 1200 rows: id 1000 with “High”; expected one of low, mid, high",
                "missing of grade: 1 of 1200 rows: id 1007 with nothing; "
                "expected a value; the column is required",
            ],
        ),
        (
            "code_1",
            {0: "25O.1"},
            [f"types of code_1: 1 of 1200 rows: id 1000 with “25O.1”; expected a code that matches {CODE}"],
        ),
        (
            "outcome",
            {0: "maybe"},
            ["levels of outcome: 1 of 1200 rows: id 1000 with “maybe”; expected one of no, yes"],
        ),
        (
            "outcome",
            {0: "?"},
            ["missing of outcome: 1 of 1200 rows: id 1000 with nothing; expected a value; it is the outcome"],
        ),
        (
            "person",
            {0: ""},
            [
                "missing of person: 1 of 1200 rows: id 1000 with nothing; "
                "expected a value; it identifies or orders the rows"
            ],
        ),
        (
            "id",
            {1: "1000", 2: "1000", 4: "1021"},
            [
                "keys of id: 2 keys stand in several rows, 5 in all: 1000 (3 times), 1021 (2 times); "
                "expected every key once; leave out the file or the rows that came twice"
            ],
        ),
        (
            "id",
            {3: "soon", 4: "2020-01-01"},
            [
                "time of id: 2 of 1200 rows can't be put in order: id 2020-01-01 with “2020-01-01”, "
                "id soon with “soon”; expected numbers in every row"
            ],
        ),
    ],
)
def test_a_wrong_value_is_refused_with_its_key_and_count(
    tmp_path: Path, column: str, values: dict[int, str], finding: list[str]
) -> None:
    assert findings(processing_folder(tmp_path, raw=set_values(column, values))) == finding


def test_up_to_five_rows_show_what_is_wrong_and_long_values_are_cut(tmp_path: Path) -> None:
    values = {place: f"{place}{'9' * 200}" for place in range(7)}
    (check,) = refused(processing_folder(tmp_path, raw=set_values("stays", values)))
    assert (check["name"], check["measured"], check["limit"]) == ("ranges", 7 / ROWS, 0)
    assert check["examples"] == [
        {"key": f"{1000 + 7 * place}", "value": f"{place}{'9' * 79}…"} for place in range(5)
    ]


def test_a_column_that_is_missing_more_often_than_the_spec_allows_is_refused(tmp_path: Path) -> None:
    spec = small_spec()
    spec["checks"]["missing"] = {"weight": 0.6, "visits": 0.2, "earlier": 0.1}
    raw = every_value("visits", lambda row: "" if int(row["id"]) % 3 == 0 else "1")
    root = processing_folder(
        tmp_path, spec=spec, raw=raw, sql="SELECT *, CASE WHEN id > '2' THEN 1 END AS earlier FROM source"
    )
    without = sum(row["id"] <= "2" for row in small_rows())
    assert findings(root) == [
        "missing of visits: 400 of 1200 rows, 33.33 %, more than 20 %: id 1014 with nothing, "
        "id 1035 with nothing, id 1056 with nothing, …; expected a value; find out why it went missing, "
        "or raise the share in checks.missing",
        f"missing of earlier: {without} of 1200 rows, {without / 12:.4g} %, more than 10 %: "
        "id 1000 with nothing, id 1007 with nothing, id 1014 with nothing, …; expected a value; "
        "find out why it went missing, or raise the share in checks.missing",
    ]


def test_too_many_levels_that_the_spec_does_not_list_are_refused(tmp_path: Path) -> None:
    spec = small_spec()
    spec["checks"]["unseenShare"] = 0.1
    colors = Counter(row["color"] for row in small_rows())
    given = ROWS - colors["NA"]
    first = [row["id"] for row in small_rows() if row["color"] == "violet"][:3]
    shown = ", ".join(f"id {key} with “violet”" for key in first)
    assert findings(processing_folder(tmp_path, spec=spec)) == [
        f"levels of color: {colors['violet']} of {given} rows, {colors['violet'] / given * 100:.4g} %, "
        f"more than 10 %: {shown}, …; expected one of red, green, blue, 1; add new levels to the spec, "
        "or raise checks.unseenShare"
    ]


@pytest.mark.parametrize(
    ("value", "name"), [("101", "ranges"), ("0.5", "types"), ("'many'", "types"), ("1e400", "types")]
)
def test_a_derived_value_out_of_its_column_is_refused(tmp_path: Path, value: str, name: str) -> None:
    (check,) = refused(processing_folder(tmp_path, sql=f"SELECT *, {value} AS earlier FROM source"))
    assert (check["name"], check["column"], check["measured"]) == (name, "earlier", 1)
    assert check["finding"].endswith("; expected a whole number from 0 to 100 from features.sql")


def test_a_quantity_that_is_no_number_or_out_of_its_range_is_refused(tmp_path: Path) -> None:
    raw = set_values("days", {0: "a week", 1: "61", 2: "0"})
    assert findings(processing_folder(tmp_path, spec=small_regression_spec(), raw=raw)) == [
        "types of days: 1 of 1200 rows: id 1000 with “a week”; expected a number from 1 to 60 days",
        "ranges of days: 2 of 1200 rows: id 1007 with “61”, id 1014 with “0”; "
        "expected a number from 1 to 60 days",
    ]
