"""The prepare job: raw files in, the data gate's report out and, where it accepts, dealt parts."""

import gzip
import hashlib
import json
import logging
import shutil
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import duckdb

from perennial_tabular import contracts
from perennial_tabular.data_gate.gate import DataGate, Inspected
from perennial_tabular.data_gate.report import gate_report, readable_report, sentence
from perennial_tabular.entity_states import write_entity_states
from perennial_tabular.faults import Fault, InvalidInput
from perennial_tabular.hashing import sha256_of_listing
from perennial_tabular.layout import ProcessingLayout
from perennial_tabular.parts import LINE
from perennial_tabular.publishing import emptied, published
from perennial_tabular.snapshot import Asked, Snapshot
from perennial_tabular.source_files import source_files
from perennial_tabular.spec import PARTS, Part, Spec
from perennial_tabular.sql import connect, literal, numbers_of
from perennial_tabular.task import RegressionTask

log = logging.getLogger(__name__)

SEAL = "prepared.json"
GATE, GATE_TEXT, PROFILE = "gate.json", "gate.md", "profile.json"
ROWS, SEALED_ROWS = "rows.parquet", "rows.jsonl.gz"
# Parts that the training job may see. Holdout and audit leave in folders of their own.
OPEN_PARTS: tuple[Part, ...] = ("train", "validation", "calibration")
FETCHED_ROWS = 10_000


def prepare(layout: ProcessingLayout) -> None:
    """
    Runs the job. Accepted files: all outputs are written and the message is `accepted <snapshot>`. Refused
    ones: only the gate's report, and the message is `refused <snapshot>: <why>`.

    Raises:
        InvalidInput: the spec, its queries or the environment are at fault; no output is written.
    """
    for folder in layout.outputs:
        emptied(folder)
    spec = Spec.read(layout.spec)
    asked = Asked.of()
    files = source_files(layout.raw)
    snapshot = Snapshot.of(files)
    asked.check(snapshot, is_age_asked=spec.checks["freshnessDays"] is not None)
    # A model that is trained again from its own snapshot isn't compared with what came later.
    accepted = None if asked.snapshot_sha256 else _accepted_profile(layout.accepted)
    try:
        with connect(layout.spill) as connection:
            ready_made = layout.features if layout.features.is_dir() else None
            gate = DataGate(connection, spec, asked, snapshot, accepted, ready_made)
            inspected = gate.inspect(files)
            _write(connection, layout, spec, snapshot, inspected)
    finally:
        shutil.rmtree(layout.spill, ignore_errors=True)


def _accepted_profile(folder: Path) -> dict[str, Any] | None:
    path = folder / PROFILE
    if not path.is_file():
        return None
    try:
        profile: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise InvalidInput(
            "channel accepted", [Fault(PROFILE, f"expected JSON in UTF-8: {error}")]
        ) from error
    contracts.check("profile", profile, PROFILE)
    return profile


def _write(
    connection: duckdb.DuckDBPyConnection,
    layout: ProcessingLayout,
    spec: Spec,
    snapshot: Snapshot,
    inspected: Inspected,
) -> None:
    report = gate_report(spec.name, snapshot.sha256, snapshot.files, inspected.rows, inspected.checks)
    contracts.check("gate", report, GATE)
    contracts.check("profile", inspected.profile, PROFILE)
    with ExitStack() as outputs:
        gate = outputs.enter_context(published(layout.gate, GATE))
        _write_json(gate / GATE, report)
        (gate / GATE_TEXT).write_text(readable_report(report), "utf-8")
        _write_json(gate / PROFILE, inspected.profile)
        if inspected.is_accepted:
            document = _write_parts(connection, layout, spec, inspected, outputs)
            message = f"accepted {snapshot.sha256}"
        else:
            message = f"refused {snapshot.sha256}: {sentence(report)}"
    layout.message.parent.mkdir(parents=True, exist_ok=True)
    layout.message.write_text(message, "utf-8")
    if inspected.is_accepted:
        kept = document["rows"]["kept"]
        log.info("Prepared %d of %d rows of %s.", kept, inspected.rows, spec.name)
    else:
        log.warning("The data gate of %s: %s", spec.name, message)


def _write_parts(
    connection: duckdb.DuckDBPyConnection,
    layout: ProcessingLayout,
    spec: Spec,
    inspected: Inspected,
    outputs: ExitStack,
) -> dict[str, Any]:
    sealed = {"holdout": layout.holdout, "audit": layout.audit}
    staged = {
        folder: outputs.enter_context(published(folder, SEAL))
        for folder in (layout.prepared, *sealed.values())
    }
    counts: dict[str, dict[str, Any]] = {}
    for part in PARTS:
        counts[part] = _count(connection, part, spec)
        target = staged[sealed[part]] / SEALED_ROWS if part in sealed else None
        counts[part]["sha256"] = write_lines(connection, part, target)
        log.info("metric name=%s_rows value=%d", part, counts[part]["rows"])
    _write_open_parts(connection, staged[layout.prepared] / ROWS)
    kept = sum(part["rows"] for part in counts.values())
    document = {
        "workload": spec.name,
        "dataSha256": sha256_of_listing({part: counts[part]["sha256"] for part in PARTS}),
        "specSha256": spec.sha256,
        "rows": {"read": inspected.rows, "excluded": inspected.excluded, "kept": kept},
        "parts": counts,
    }
    contracts.check("prepared", document, SEAL)
    for folder in staged.values():
        _write_json(folder / SEAL, document)
    states = outputs.enter_context(published(layout.entities, None))
    write_entity_states(connection, spec.entities, states)
    return document


def _count(connection: duckdb.DuckDBPyConnection, part: Part, spec: Spec) -> dict[str, Any]:
    labels = () if isinstance(spec.task, RegressionTask) else range(len(spec.task.classes))
    classes = "".join(f", count(*) FILTER (WHERE label = {label})" for label in labels)
    rows, groups, *class_rows = numbers_of(
        connection,
        f'SELECT count(*), count(DISTINCT "group"){classes} FROM parts WHERE part = {literal(part)}',
    )
    return {"rows": rows, "groups": groups, "classRows": class_rows}


def write_lines(connection: duckdb.DuckDBPyConnection, part: Part, target: Path | None) -> str:
    """
    Hashes the part's rows as lines of JSON in order of their key and, with a target, writes them there,
    gzipped.

    `parts` has to lie in order of the key, as `deal_parts` and rows.parquet do: sorting it once more would
    hold every line in memory. DuckDB answers in the order in which rows lie (preserve_insertion_order).
    """
    digest = hashlib.sha256()
    with ExitStack() as files:
        sink = None
        if target:
            file = files.enter_context(target.open("wb"))
            # Neither name nor time: the same rows are the same bytes.
            sink = files.enter_context(gzip.GzipFile("", "wb", 6, file, mtime=0))
        cursor = connection.execute(f"SELECT {LINE} FROM parts WHERE part = {literal(part)}")
        while rows := cursor.fetchmany(FETCHED_ROWS):
            lines = "".join(f"{line}\n" for (line,) in rows).encode()
            digest.update(lines)
            if sink:
                sink.write(lines)
    return digest.hexdigest()


def _write_open_parts(connection: duckdb.DuckDBPyConnection, target: Path) -> None:
    """In the order in which `parts` lies, that of the key: the training job reads the file as it is."""
    parts = ", ".join(literal(part) for part in OPEN_PARTS)
    connection.execute(
        f"COPY (SELECT * FROM parts WHERE part IN ({parts})) "
        f"TO {literal(str(target))} (FORMAT parquet, COMPRESSION zstd)"
    )


def _write_json(path: Path, document: object) -> None:
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n", "utf-8")
