"""The data gate as a whole: every check in the order in which the rows become fit for the next."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from perennial_tabular.data_gate.check import CHECK_NAMES, Check, has_failed, is_blocked
from perennial_tabular.data_gate.dealing import check_classes, check_overlap, check_rows
from perennial_tabular.data_gate.drift import check_drift
from perennial_tabular.data_gate.leakage import check_leakage
from perennial_tabular.data_gate.moments import Moment, check_freshness, check_time
from perennial_tabular.data_gate.profile import column_counts
from perennial_tabular.data_gate.repeats import check_duplicates, check_keys
from perennial_tabular.data_gate.values import check_derived, check_source
from perennial_tabular.features import derive, take_derived
from perennial_tabular.parts import count_excluded, deal_parts
from perennial_tabular.snapshot import Asked, Snapshot
from perennial_tabular.source_files import absent_columns, load_files, make_source
from perennial_tabular.spec import Spec
from perennial_tabular.sql import numbers_of

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Inspected:
    """What the gate saw. When it accepts, the tables `parts` and those of the entities are there."""

    checks: list[Check]
    rows: int
    excluded: list[dict[str, Any]]
    profile: dict[str, Any]

    @property
    def is_accepted(self) -> bool:
        return not has_failed(self.checks)


@dataclass
class DataGate:
    """
    One inspection of the source files. `accepted` is the profile of those that were accepted last, if any.
    """

    connection: duckdb.DuckDBPyConnection
    spec: Spec
    asked: Asked
    snapshot: Snapshot
    accepted: dict[str, Any] | None
    # Features that Spark has computed of the same files; None: this job computes them.
    ready_made: Path | None

    def inspect(self, files: list[Path]) -> Inspected:
        """
        Reads `files`, makes the features, deals the parts and checks all of it.

        Raises:
            InvalidInput: a query of the spec is at fault, not the data.
        """
        connection, spec = self.connection, self.spec
        checks = load_files(connection, files, spec)
        rows = 0
        newest: Moment | None = None
        excluded: list[dict[str, Any]] = []
        counts: dict[str, Any] = {}
        kept = 0
        if not checks:
            checks.append(Check("columns", "passed", f"every file has the {len(spec.file_names)} columns"))
        if not (spec.rows_sql and is_blocked(checks)):
            checks += make_source(connection, spec)
            if not (spec.rows_sql and is_blocked(checks)):
                (rows,) = numbers_of(connection, "SELECT count(*) FROM source")
                log.info("metric name=rows_read value=%d", rows)
                more, newest = self._check_rows_read(absent_columns(checks))
                checks += more
        if rows == 0 and not has_failed(checks):
            finding = "the files hold a header and no rows"
            checks.append(Check("rows", "failed", finding, None, 0, spec.source["minRows"], blocks=True))
        if not is_blocked(checks):
            checks += self._derive()
        if not is_blocked(checks):
            checks += check_derived(connection, spec)
        if not is_blocked(checks):
            excluded = count_excluded(connection, spec)
            deal_parts(connection, spec)
            _drop(connection, "enriched")
            (kept,) = numbers_of(connection, "SELECT count(*) FROM parts")
            counts = column_counts(connection, spec, self.accepted)
            checks += self._check_parts(counts)
        profile = {
            "snapshotSha256": self.snapshot.sha256,
            "rows": kept,
            "newest": newest,
            "columns": counts,
        }
        return Inspected(_complete(checks), rows, excluded, profile)

    def _derive(self) -> list[Check]:
        if self.ready_made is None:
            return derive(self.connection, self.spec)
        take_derived(self.connection, self.spec, self.ready_made)
        return []

    def _check_rows_read(self, absent: frozenset[str]) -> tuple[list[Check], Moment | None]:
        """Checks of the table `source`, on the columns that every file has."""
        connection, spec = self.connection, self.spec
        checks = check_source(connection, spec, absent)
        if spec.key not in absent:
            checks.append(check_keys(connection, spec))
            checks.append(check_duplicates(connection, spec))
        if spec.time in absent:
            return checks, None
        time = check_time(connection, spec, self.accepted)
        return [*checks, time.check, check_freshness(spec, time.newest, self.asked.as_of)], time.newest

    def _check_parts(self, counts: dict[str, Any]) -> list[Check]:
        """Checks of the table `parts`."""
        connection, spec = self.connection, self.spec
        return [
            check_rows(connection, spec),
            check_overlap(connection, spec),
            *check_classes(connection, spec),
            *check_leakage(connection, spec),
            check_drift(spec, counts, self.accepted),
        ]


def _complete(checks: list[Check]) -> list[Check]:
    """
    `checks` without those that passed for some columns and failed for others, and with those that weren't
    asked.
    """
    failed = {check.name for check in checks if check.outcome == "failed"}
    is_readable = "columns" not in failed
    told = [
        check
        for check in checks
        # Of files that can't be read, only what is wrong is known.
        if check.outcome == "failed" or (is_readable and check.name not in failed)
    ]
    names = {check.name for check in told}
    finding = "not asked before the checks that failed are mended"
    return told + [Check(name, "not asked", finding) for name in CHECK_NAMES if name not in names]


def _drop(connection: duckdb.DuckDBPyConnection, *tables: str) -> None:
    for table in tables:
        connection.execute(f"DROP TABLE IF EXISTS {table}")
