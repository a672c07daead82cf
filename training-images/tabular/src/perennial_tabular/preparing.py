"""The prepare job: raw files in, checked and dealt parts out."""

import gzip
import hashlib
import json
import logging
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import duckdb

from perennial_tabular import contracts
from perennial_tabular.faults import Fault, InvalidInput
from perennial_tabular.hashing import sha256_of_listing
from perennial_tabular.layout import ProcessingLayout
from perennial_tabular.parts import LINE, deal_parts, derive_columns, exclusion_reason, part_faults
from perennial_tabular.publishing import published
from perennial_tabular.source_checks import check_source
from perennial_tabular.source_files import load_source
from perennial_tabular.spec import PARTS, Part, Spec
from perennial_tabular.sql import connect, literal

log = logging.getLogger(__name__)

SEAL = "prepared.json"
# Parts that the training job may see. Holdout and audit leave in folders of their own.
OPEN_PARTS: tuple[Part, ...] = ("train", "validation", "calibration")
FETCHED_ROWS = 10_000


def prepare(layout: ProcessingLayout) -> None:
    """
    Runs the job: all outputs are written, or none.

    Raises:
        InvalidInput: with every fault of the spec, the files or their rows.
    """
    spec = Spec.read(layout.spec)
    with connect() as connection, ExitStack() as outputs:
        staged = {
            folder: outputs.enter_context(published(folder, SEAL))
            for folder in (layout.prepared, layout.holdout, layout.audit)
        }
        read = _load(connection, layout.raw, spec)
        log.info("metric name=rows_read value=%d", read)
        derive_columns(connection, spec)
        excluded = _count_excluded(connection, spec)
        deal_parts(connection, spec)
        faults = part_faults(connection, spec)
        if faults:
            raise InvalidInput("source", faults)

        counts: dict[str, dict[str, Any]] = {}
        for part in PARTS:
            counts[part] = _count(connection, part)
            sealed = {"holdout": layout.holdout, "audit": layout.audit}.get(part)
            target = staged[sealed] / "rows.jsonl.gz" if sealed else None
            counts[part]["sha256"] = write_lines(connection, part, target)
            log.info("metric name=%s_rows value=%d", part, counts[part]["rows"])
        _write_open_parts(connection, staged[layout.prepared] / "rows.parquet")

        document = {
            "workload": spec.name,
            "dataSha256": sha256_of_listing({part: counts[part]["sha256"] for part in PARTS}),
            "specSha256": spec.sha256,
            "rows": {
                "read": read,
                "excluded": excluded,
                "kept": sum(part["rows"] for part in counts.values()),
            },
            "parts": counts,
        }
        contracts.check("prepared", document, SEAL)
        for folder in staged.values():
            (folder / SEAL).write_text(json.dumps(document, indent=2) + "\n", "utf-8")
    log.info("Prepared %d of %d rows of %s.", document["rows"]["kept"], read, spec.name)  # type: ignore[index]


def _load(connection: duckdb.DuckDBPyConnection, raw: Path, spec: Spec) -> int:
    faults = load_source(connection, raw, spec)
    absent = frozenset(
        fault.path.split(".")[-1] for fault in faults if "the column is missing" in fault.message
    )
    faults += check_source(connection, spec, absent)
    row = connection.execute("SELECT count(*) FROM source").fetchone()
    read = int(row[0]) if row else 0
    if read == 0 and not faults:
        faults.append(Fault("raw", "the files hold a header and no rows"))
    if faults:
        raise InvalidInput("source", faults)
    return read


def _count_excluded(connection: duckdb.DuckDBPyConnection, spec: Spec) -> list[dict[str, Any]]:
    if not spec.exclusions:
        return []
    reason = exclusion_reason(spec)
    counted = dict(
        connection.execute(f"SELECT {reason} AS reason, count(*) FROM enriched GROUP BY reason").fetchall()
    )
    reasons = dict.fromkeys(rule.reason for rule in spec.exclusions)
    excluded = [{"reason": reason, "rows": counted.get(reason, 0)} for reason in reasons]
    for rule in excluded:
        log.info("Excluded %d rows: %s.", rule["rows"], rule["reason"])
    return excluded


def _count(connection: duckdb.DuckDBPyConnection, part: Part) -> dict[str, Any]:
    counts = 'count(*), count(DISTINCT "group"), count(*) FILTER (WHERE label = 1)'
    query = f"SELECT {counts} FROM parts WHERE part = {literal(part)}"
    row = connection.execute(query).fetchone() or (0, 0, 0)
    return dict(zip(("rows", "groups", "positives"), row, strict=True))


def write_lines(connection: duckdb.DuckDBPyConnection, part: Part, target: Path | None) -> str:
    """
    Hashes the part's rows as lines of JSON in order of their key and, with a target, writes them there,
    gzipped.
    """
    digest = hashlib.sha256()
    with ExitStack() as files:
        sink = None
        if target:
            file = files.enter_context(target.open("wb"))
            # Neither name nor time: the same rows are the same bytes.
            sink = files.enter_context(gzip.GzipFile("", "wb", 6, file, mtime=0))
        cursor = connection.execute(f'SELECT {LINE} FROM parts WHERE part = {literal(part)} ORDER BY "key"')
        while rows := cursor.fetchmany(FETCHED_ROWS):
            lines = "".join(f"{line}\n" for (line,) in rows).encode()
            digest.update(lines)
            if sink:
                sink.write(lines)
    return digest.hexdigest()


def _write_open_parts(connection: duckdb.DuckDBPyConnection, target: Path) -> None:
    parts = ", ".join(literal(part) for part in OPEN_PARTS)
    connection.execute(
        f'COPY (SELECT * FROM parts WHERE part IN ({parts}) ORDER BY "key") '
        f"TO {literal(str(target))} (FORMAT parquet, COMPRESSION zstd)"
    )
