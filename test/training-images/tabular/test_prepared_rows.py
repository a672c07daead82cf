"""What the training job refuses of the rows that it is handed."""

import json
import shutil
from pathlib import Path

import pytest

from perennial_tabular.faults import InvalidInput
from perennial_tabular.layout import TrainingLayout
from perennial_tabular.spec import Spec
from perennial_tabular.training import train
from small_workload import small_spec, training_folder, write_spec


def test_rows_of_another_spec_are_refused(tmp_path: Path, small: Path) -> None:
    root = training_folder(tmp_path, small)
    (root / "input/data/spec").unlink()
    write_spec(root / "input/data/spec", small_spec() | {"title": "Other"})
    with pytest.raises(InvalidInput) as refusal:
        train(TrainingLayout(root))
    prepared_with, given = (Spec.read(folder / "input/data/spec").sha256 for folder in (small, root))
    assert str(refusal.value) == (
        "prepared.json is refused, 1 fault:\n"
        f"  specSha256: the rows were prepared with spec {prepared_with}, the job has {given}"
    )


def test_rows_that_are_not_those_of_the_document_are_refused(tmp_path: Path, small: Path) -> None:
    root = training_folder(tmp_path, small)
    prepared = root / "input/data/prepared"
    prepared.unlink()
    shutil.copytree(small / "processing/output/prepared", prepared)
    stated = json.loads((prepared / "prepared.json").read_text())
    found = stated["parts"]["train"]["sha256"]
    stated["parts"]["train"]["sha256"] = "0" * 64
    (prepared / "prepared.json").write_text(json.dumps(stated))
    with pytest.raises(InvalidInput) as refusal:
        train(TrainingLayout(root))
    assert str(refusal.value) == (
        "channel prepared, rows.parquet is refused, 1 fault:\n"
        f"  train: its rows hash to {found}, prepared.json says {'0' * 64}"
    )
    (prepared / "rows.parquet").unlink()
    with pytest.raises(InvalidInput) as refusal:
        train(TrainingLayout(root))
    assert (
        str(refusal.value)
        == "channel prepared is refused, 1 fault:\n  rows.parquet: expected this file, given none"
    )
