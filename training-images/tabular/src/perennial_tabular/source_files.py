"""Reading the raw CSV files into one relation of texts."""

import csv
import gzip
import zlib
from collections import Counter
from pathlib import Path
from typing import IO

import duckdb

from perennial_tabular.data_gate.check import Check
from perennial_tabular.faults import Fault, InvalidInput
from perennial_tabular.spec import ROWS_SQL, Spec
from perennial_tabular.sql import identifier, literal, literals, numbers_of, reason_of

READING = "delim=',', quote='\"', escape='\"', header=true, auto_detect=false, encoding='utf-8'"
FILE_ROW = "file_row"


def source_files(folder: Path) -> list[Path]:
    """Every `*.csv` and `*.csv.gz` in `folder`, in order of their names."""
    return sorted(path for path in folder.glob("*") if path.name.endswith((".csv", ".csv.gz")))


def load_files(connection: duckdb.DuckDBPyConnection, files: list[Path], spec: Spec) -> list[Check]:
    """
    Makes the table `files` of all rows: the columns that files have to have as VARCHAR, trimmed, missing
    markers and empty fields NULL, and `file_row`, the row's place from 1 over all files in order of their
    names.

    A column that a file lacks is NULL there, so that the values of the others can still be checked. Answers
    with what is wrong with the files themselves: none there, unreadable, empty, wrong columns, rows of the
    wrong length.
    """
    columns = ", ".join(f"{identifier(name)} VARCHAR" for name in spec.file_names)
    connection.execute(f"CREATE OR REPLACE TABLE files ({FILE_ROW} BIGINT, {columns})")
    checks: list[Check] = []
    if not files:
        checks.append(_unreadable("expected at least one .csv or .csv.gz file, given none"))
    for file in files:
        try:
            header = _header(file)
        except _UnreadableError as error:
            checks.append(_unreadable(str(error)))
            continue
        checks += _column_checks(file, header, spec)
        checks += _append(connection, file, header, spec)
    return checks


def absent_columns(checks: list[Check]) -> frozenset[str]:
    """Columns that a file was found to lack."""
    return frozenset(check.column for check in checks if check.column is not None)


def make_source(connection: duckdb.DuckDBPyConnection, spec: Spec) -> list[Check]:
    """
    Makes the relation `source` of `files`: the columns of the spec as VARCHAR, by `rows.sql` where the spec
    has it.

    Answers with a failed check where the query stumbles over a value.

    Raises:
        InvalidInput: the query can't be run, or its columns aren't those of the spec.
    """
    if spec.rows_sql is None:
        names = ", ".join(identifier(name) for name in spec.source_names)
        connection.execute(f"CREATE OR REPLACE TEMP VIEW source AS SELECT {names} FROM files")
        return []
    try:
        given = [row[0] for row in connection.execute(f"DESCRIBE {spec.rows_sql}").fetchall()]
        _expect_columns(given, spec)
        cleaned = ", ".join(f"{_text(identifier(name), spec)} AS {identifier(name)}" for name in given)
        connection.execute(f"CREATE OR REPLACE TABLE source AS SELECT {cleaned} FROM (\n{spec.rows_sql}\n)")
    except (duckdb.ConversionException, duckdb.OutOfRangeException, duckdb.InvalidInputException) as error:
        finding = (
            f"rows.sql stumbles over a value: {reason_of(error)}; mend the value, or read it with try_cast"
        )
        return [Check("types", "failed", finding, blocks=True)]
    except duckdb.Error as error:
        raise InvalidInput(ROWS_SQL, [Fault("", reason_of(error))]) from error
    return []


class _UnreadableError(Exception):
    """A file that is no CSV."""


def _unreadable(finding: str) -> Check:
    return Check("columns", "failed", finding, blocks=True)


def _header(file: Path) -> list[str]:
    try:
        with _opened(file) as text:
            header = next(csv.reader(text), [])
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
        raise _UnreadableError(
            f"{file.name} cannot be read as CSV in UTF-8 ({error}); upload the file again"
        ) from error
    if not any(header):
        raise _UnreadableError(f"{file.name} is empty; expected a header and rows")
    return header


def _opened(file: Path) -> IO[str]:
    if file.suffix == ".gz":
        return gzip.open(file, "rt", encoding="utf-8-sig", newline="")
    return file.open("rt", encoding="utf-8-sig", newline="")


def _column_checks(file: Path, header: list[str], spec: Spec) -> list[Check]:
    expected = spec.file_names
    places = "source.rows.columns" if spec.rows_sql else "source.columns or, with a reason, to source.unused"
    repeated = [name for name, count in Counter(header).items() if count > 1]
    missing = [name for name in expected if name not in header]
    extra = [name for name in dict.fromkeys(header) if name not in expected]
    found = [
        *((name, f"{file.name} lacks the column; the spec names it") for name in missing),
        *(
            (name, f"{file.name} has a column that the spec doesn't know; add it to {places}")
            for name in extra
        ),
        *((name, f"{file.name} has the column more than once; expected it once") for name in repeated),
    ]
    return [Check("columns", "failed", finding, name, blocks=True) for name, finding in found]


def _append(connection: duckdb.DuckDBPyConnection, file: Path, header: list[str], spec: Spec) -> list[Check]:
    """Adds the file's rows to `files`, or says why that failed."""
    # Positions rather than names: a repeated name must not keep the rest from being checked.
    columns = ", ".join(f"'c{place}': 'VARCHAR'" for place in range(len(header)))
    values = ", ".join(
        _text(f"c{header.index(name)}", spec) if name in header else "NULL" for name in spec.file_names
    )
    (before,) = numbers_of(connection, "SELECT count(*) FROM files")
    try:
        connection.execute(
            f"INSERT INTO files SELECT {before} + row_number() OVER (), {values} FROM "
            f"read_csv({literal(str(file))}, {READING}, columns={{{columns}}}, store_rejects=true)"
        )
        rejected = connection.execute(
            "SELECT count(DISTINCT line), min(line), any_value(error_type) FROM reject_errors"
        ).fetchone()
        connection.execute("DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans")
    except duckdb.Error as error:
        return [_unreadable(f"{file.name} cannot be read as CSV ({reason_of(error)}); upload the file again")]
    if rejected and rejected[0]:
        count, line, kind = rejected
        lines = "1 line is not a row" if count == 1 else f"{count} lines are not rows"
        return [
            _unreadable(
                f"in {file.name} {lines} of {len(header)} fields, the first is line {line} ({kind.lower()}); "
                "mend them, or upload the file again"
            )
        ]
    return []


def _text(value: str, spec: Spec) -> str:
    """SQL for `value` as a trimmed text, NULL where it is missing."""
    trimmed = f"nullif(trim(CAST({value} AS VARCHAR)), '')"
    markers = spec.source["missingMarkers"]
    return f"CASE WHEN {trimmed} IN {literals(markers)} THEN NULL ELSE {trimmed} END" if markers else trimmed


def _expect_columns(given: list[str], spec: Spec) -> None:
    lacking = [name for name in spec.source_names if name not in given]
    surplus = [name for name in given if name not in spec.source_names]
    if lacking or surplus:
        raise InvalidInput(
            ROWS_SQL,
            [
                *(Fault(name, "the query must return this column") for name in lacking),
                *(Fault(name, "neither in source.columns nor in source.unused") for name in surplus),
            ],
        )
