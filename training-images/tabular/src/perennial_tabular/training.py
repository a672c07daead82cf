"""The training job: prepared rows in, a whole artifact out."""

import json
import logging
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from perennial_tabular import contracts
from perennial_tabular.artifact import FILES, manifest_document, metrics_document, structure_document
from perennial_tabular.baseline import baseline
from perennial_tabular.card import model_card
from perennial_tabular.checkpoints import Checkpoints
from perennial_tabular.fitting import Trained, fit, help_to_fit
from perennial_tabular.hashing import sha256_of_code, sha256_of_file, sha256_of_json
from perennial_tabular.hyperparameters import Plan, read_plan
from perennial_tabular.layout import TrainingLayout
from perennial_tabular.machines import Machines
from perennial_tabular.publishing import published
from perennial_tabular.rows import PreparedRows, read_prepared
from perennial_tabular.spec import Spec
from perennial_tabular.tensors import TensorLayout, check_kinds

log = logging.getLogger(__name__)

MANIFEST = "manifest.json"


def train(layout: TrainingLayout) -> None:
    """
    Runs the job: the artifact is written whole, or not at all.

    Raises:
        InvalidInput: the spec, the hyperparameters or the prepared rows have faults, or no trial of a search
        ends. ParityError: graph and fitted model differ by more than 1e-5.
    """
    try:
        _train(layout)
    finally:
        shutil.rmtree(layout.spill, ignore_errors=True)


def _train(layout: TrainingLayout) -> None:
    machines = Machines.read(layout)
    if not machines.is_first:
        work = _read(layout, machines)
        help_to_fit(work.spec, work.rows, work.plan, work.checkpoints, machines, layout.spill)
        log.info("Fitted a share of the rows; %s writes the model.", machines.hosts[0])
        return
    with published(layout.model, MANIFEST) as folder:
        work = _read(layout, machines)
        trained = fit(work.spec, work.rows, work.plan, work.checkpoints, machines, layout.spill)
        manifest = write_artifact(folder, trained, work.checkpoints.identity, work.code)
    _record(layout.run_record, trained, manifest)
    log.info("Trained %s %s.", work.spec.name, manifest["version"])


@dataclass(frozen=True)
class Work:
    """What the job is to do, and with what."""

    spec: Spec
    plan: Plan
    rows: PreparedRows
    code: str
    checkpoints: Checkpoints


def _read(layout: TrainingLayout, machines: Machines) -> Work:
    spec = Spec.read(layout.spec)
    check_kinds(spec)
    plan = read_plan(layout.hyperparameters, spec)
    machines.check(plan)
    rows = read_prepared(layout.prepared, spec, TensorLayout.of(spec))
    code = os.environ.get("PERENNIAL_CODE_SHA256") or sha256_of_code()
    # Everything that decides a model's bytes but the libraries.
    identity = sha256_of_json(
        {
            "data": rows.document["dataSha256"],
            "spec": spec.sha256,
            "code": code,
            "plan": plan.document(),
            "machines": len(machines.hosts),
        }
    )
    return Work(spec, plan, rows, code, Checkpoints(layout.checkpoints, identity))


def _record(folder: Path, trained: Trained, manifest: dict[str, Any]) -> None:
    # Imported late: matplotlib takes a second, and only here.
    from perennial_tabular.run_record.record import write_run_record

    hashes = {name: manifest["hashes"][name] for name in ("data", "spec", "code")}
    try:
        write_run_record(folder, trained, hashes)
    except Exception:
        # The artifact is whole: a picture that can't be drawn mustn't cost a model.
        log.exception("The run record is not whole.")


def write_artifact(folder: Path, trained: Trained, identity: str, code_sha256: str) -> dict[str, Any]:
    """Writes every file of the artifact into `folder` and answers with its manifest."""
    spec, graph = trained.spec, trained.kept.graph
    metrics = metrics_document(trained)
    for part, measured in metrics["parts"].items():
        for name, value in measured.items():
            if isinstance(value, float):
                log.info("metric name=%s_final_%s value=%.6f", part, name, value)
    unseen = np.concatenate([trained.predictions["validation"], trained.predictions["calibration"]])
    counts = baseline(trained.rows.parts["train"].batch, graph.layout, spec.task, unseen)
    contracts.check("baseline", counts, "baseline.json")
    manifest = manifest_document(trained, identity, code_sha256)
    (folder / "model.onnx").write_bytes(trained.kept.model)
    _write_json(folder / "metrics.json", metrics, indent=2)
    _write_json(folder / "baseline.json", counts)
    _write_json(folder / "structure.json", structure_document(trained))
    (folder / "card.md").write_text(model_card(spec, manifest, metrics), "utf-8")
    manifest["hashes"]["files"] = {name: sha256_of_file(folder / name) for name in FILES}
    contracts.check("manifest", manifest, MANIFEST)
    _write_json(folder / MANIFEST, manifest, indent=2)
    return manifest


def _write_json(path: Path, value: object, indent: int | None = None) -> None:
    path.write_text(json.dumps(value, indent=indent, ensure_ascii=False, allow_nan=False) + "\n", "utf-8")
