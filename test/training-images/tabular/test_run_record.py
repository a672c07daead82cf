"""The run record, held to the contract that its reader has."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from perennial_tabular.layout import ProcessingLayout, TrainingLayout
from perennial_tabular.preparing import prepare
from perennial_tabular.run_record import record
from perennial_tabular.training import train
from small_workload import (
    files_of,
    processing_folder,
    small_multiclass_spec,
    small_regression_spec,
    small_spec,
    training_folder,
)

REPOSITORY = Path(__file__).parents[3]
PARSE = """
import { readFileSync, existsSync } from "node:fs";
import { RunMetric, RunSummary, RunTrial } from "./packages/contracts/src/run-record.ts";
const folder = process.argv[1];
RunSummary.parse(JSON.parse(readFileSync(`${folder}/run.json`, "utf8")));
for (const [name, schema] of [["metrics.jsonl", RunMetric], ["trials.jsonl", RunTrial]]) {
  if (!existsSync(`${folder}/${name}`)) continue;
  for (const line of readFileSync(`${folder}/${name}`, "utf8").trim().split("\\n")) {
    schema.parse(JSON.parse(line));
  }
}
"""
LINEAR = {"kind": "linear", "hyperparameters": {"alpha": 1, "max_iter": 500, "seed": 7}, "space": {}}
PLOTS = {
    "binary": ["calibration", "importance", "precision-recall", "roc"],
    "multiclass": ["calibration", "importance"],
    "regression": ["calibration", "importance", "residuals"],
}


def trained(root: Path, spec: dict[str, Any]) -> Path:
    prepare(ProcessingLayout(processing_folder(root, spec=spec)))
    train(TrainingLayout(training_folder(root, root)))
    return root / "output/data"


@pytest.mark.parametrize("spec", [small_spec(), small_multiclass_spec(), small_regression_spec()])
def test_the_record_of_each_task_is_as_its_contract_says(tmp_path: Path, spec: dict[str, Any]) -> None:
    spec["algorithms"].append(LINEAR)
    folder = trained(tmp_path, spec)
    checked = subprocess.run(
        [REPOSITORY / "node_modules/.bin/node", "--input-type=module", "--eval", PARSE, str(folder)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (checked.returncode, checked.stderr) == (0, "")
    kind = spec["task"]["kind"]
    assert sorted(path.stem for path in (folder / "plots").iterdir()) == PLOTS[kind]
    trials = [json.loads(line) for line in (folder / "trials.jsonl").read_text().splitlines()]
    assert [(trial["number"], trial["algorithm"], trial["state"]) for trial in trials] == [
        (0, "xgboost", "complete"),
        (1, "linear", "complete"),
    ]
    summary = json.loads((folder / "run.json").read_text())
    higher = kind == "binary"
    values = [trial["value"] for trial in trials]
    best = values.index(max(values) if higher else min(values))
    assert summary["search"]["best"] == best
    assert summary["search"]["direction"] == ("maximize" if higher else "minimize")
    assert summary["algorithm"] == trials[best]["algorithm"]


def test_the_same_training_leaves_the_same_record_and_pictures(tmp_path: Path, small: Path) -> None:
    again = training_folder(tmp_path, small)
    train(TrainingLayout(again))
    assert files_of(again / "output/data") == files_of(small / "output/data")
    manifest = json.loads((small / "model/manifest.json").read_text())
    summary = json.loads((small / "output/data/run.json").read_text())
    assert summary["search"] is None
    assert summary["hashes"] == {name: manifest["hashes"][name] for name in ("data", "spec", "code")}


def test_a_picture_that_cannot_be_drawn_costs_no_model(
    tmp_path: Path, small: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise OSError("no font")

    monkeypatch.setattr(record, "write_plots", broken)
    root = training_folder(tmp_path, small)
    train(TrainingLayout(root))
    assert files_of(root / "model") == files_of(small / "model")
    assert "The run record is not whole." in caplog.messages
