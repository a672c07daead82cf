"""Jobs that several tests look at, each run once."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from perennial_tabular.layout import ProcessingLayout, TrainingLayout
from perennial_tabular.preparing import prepare
from perennial_tabular.training import train
from small_workload import processing_folder, training_folder

REPOSITORY = Path(__file__).parents[3]
WORKLOAD = REPOSITORY / "workloads/hospital-readmission"
EMIT = "process.stdout.write(JSON.stringify((await import(process.argv[1])).default))"


@pytest.fixture(autouse=True)
def _environment_of_a_job(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("PERENNIAL_")]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Root of a finished processing job and, on its rows, a finished training job of the small workload."""
    root = processing_folder(tmp_path_factory.mktemp("small"))
    prepare(ProcessingLayout(root))
    train(TrainingLayout(training_folder(root, root)))
    return root


@pytest.fixture(scope="session")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Root of the finished jobs of the workload hospital-readmission on all of its real rows."""
    root = tmp_path_factory.mktemp("hospital")
    inputs = root / "processing/input"
    (inputs / "raw").mkdir(parents=True)
    (inputs / "spec").mkdir()
    node = REPOSITORY / "node_modules/.bin/node"
    emitted = subprocess.run(
        [node, "--input-type=module", "--eval", EMIT, str(WORKLOAD / "workload.ts")],
        capture_output=True,
        check=True,
    )
    json.loads(emitted.stdout)
    (inputs / "spec/spec.json").write_bytes(emitted.stdout)
    shutil.copy(WORKLOAD / "features.sql", inputs / "spec")
    shutil.copy(WORKLOAD / "data/diabetic_data.csv.gz", inputs / "raw")
    prepare(ProcessingLayout(root))
    train(TrainingLayout(training_folder(root, root)))
    return root
