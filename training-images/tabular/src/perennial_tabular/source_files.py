"""Reading the raw CSV files into one relation of texts."""

import csv
import gzip
import zlib
from collections import Counter
from pathlib import Path
from typing import IO

import duckdb

from perennial_tabular.faults import Fault
from perennial_tabular.spec import Spec
from perennial_tabular.sql import identifier, literal, literals

READING = "delim=',', quote='\"', escape='\"', header=true, auto_detect=false, encoding='utf-8'"


def load_source(connection: duckdb.DuckDBPyConnection, folder: Path, spec: Spec) -> list[Fault]:
    """
    Makes the table `source` of every `*.csv` and `*.csv.gz` in `folder`: all columns of the spec as
    VARCHAR, trimmed, missing markers and empty fields NULL.

    A column that a file lacks is NULL there, so that the values of the others can still be checked. Returns
    the faults of the files themselves: none there, unreadable, empty, wrong columns, rows of the wrong
    length.
    """
    files = sorted(path for path in folder.glob("*") if path.name.endswith((".csv", ".csv.gz")))
    nothing = Fault("raw", "expected at least one .csv or .csv.gz file, given none")
    faults = [] if files else [nothing]
    selections: list[str] = []
    for file in files:
        header = _header(file)
        if isinstance(header, Fault):
            faults.append(header)
            continue
        faults += _column_faults(file, header, spec)
        rows = _rows(connection, file, header, spec)
        if isinstance(rows, Fault):
            faults.append(rows)
        else:
            selections.append(rows)
    columns = ", ".join(f"NULL::VARCHAR AS {identifier(name)}" for name in spec.source_names)
    selections.append(f"SELECT {columns} WHERE false")
    connection.execute(f"CREATE OR REPLACE TABLE source AS {' UNION ALL '.join(selections)}")
    return faults


def _header(file: Path) -> list[str] | Fault:
    try:
        with _opened(file) as text:
            header = next(csv.reader(text), [])
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
        return Fault(file.name, f"cannot be read as CSV in UTF-8 ({error}); upload the file again")
    if not any(header):
        return Fault(file.name, "the file is empty; expected a header and rows")
    return header


def _opened(file: Path) -> IO[str]:
    if file.suffix == ".gz":
        return gzip.open(file, "rt", encoding="utf-8-sig", newline="")
    return file.open("rt", encoding="utf-8-sig", newline="")


def _column_faults(file: Path, header: list[str], spec: Spec) -> list[Fault]:
    repeated = [name for name, count in Counter(header).items() if count > 1]
    missing = [name for name in spec.source_names if name not in header]
    extra = [name for name in dict.fromkeys(header) if name not in spec.source_names]
    return [
        *(Fault(f"{file.name}.{name}", "the column is missing; the spec names it") for name in missing),
        *(
            Fault(
                f"{file.name}.{name}",
                "unknown to the spec; add it to source.columns or, with a reason, to source.unused",
            )
            for name in extra
        ),
        *(Fault(f"{file.name}.{name}", "the column occurs more than once") for name in repeated),
    ]


def _rows(connection: duckdb.DuckDBPyConnection, file: Path, header: list[str], spec: Spec) -> str | Fault:
    """SQL that selects the file's rows from a table it is read into, or why that failed."""
    table = identifier(f"file {file.name}")
    # Positions rather than names: a repeated name must not keep the rest from being checked.
    columns = ", ".join(f"'c{place}': 'VARCHAR'" for place in range(len(header)))
    try:
        connection.execute(
            f"CREATE OR REPLACE TABLE {table} AS SELECT * FROM "
            f"read_csv({literal(str(file))}, {READING}, columns={{{columns}}}, store_rejects=true)"
        )
        rejected = connection.execute(
            "SELECT count(DISTINCT line), min(line), any_value(error_type) FROM reject_errors"
        ).fetchone()
        connection.execute("DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans")
    except duckdb.Error as error:
        return Fault(
            file.name, f"cannot be read as CSV ({str(error).splitlines()[0]}); upload the file again"
        )
    if rejected and rejected[0]:
        count, line, kind = rejected
        return Fault(
            file.name,
            f"{count} lines are not rows of {len(header)} fields, the first is line {line} ({kind.lower()})",
        )
    markers = spec.source["missingMarkers"]
    selected = []
    for name in spec.source_names:
        value = f"nullif(trim(c{header.index(name)}), '')" if name in header else "NULL::VARCHAR"
        if name in header and markers:
            value = f"CASE WHEN {value} IN {literals(markers)} THEN NULL ELSE {value} END"
        selected.append(f"{value} AS {identifier(name)}")
    return f"SELECT {', '.join(selected)} FROM {table}"
