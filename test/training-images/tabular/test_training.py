"""The training job: whole artifacts, the same bytes every time, also after an interruption."""

import hashlib
import json
import logging
import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from perennial_tabular import candidates, contracts
from perennial_tabular.answers.probability import Probability
from perennial_tabular.candidates import ParityError, check_parity
from perennial_tabular.feature_graph import FeatureGraph
from perennial_tabular.layout import TrainingLayout
from perennial_tabular.learners import xgboost_learner
from perennial_tabular.model_graph import Runner, feature_model
from perennial_tabular.rows import read_prepared
from perennial_tabular.spec import Spec
from perennial_tabular.task import task_of
from perennial_tabular.tensors import TensorLayout
from perennial_tabular.training import train
from small_workload import files_of, small_spec, training_folder
from structure_reference import raw_scores_by_hand

FILES = ["baseline.json", "card.md", "manifest.json", "metrics.json", "model.onnx", "structure.json"]


class Interrupted(Exception):
    """Stands for whatever ends a job early."""


def document(root: Path, name: str) -> Any:  # noqa: ANN401 - any JSON
    return json.loads((root / "model" / name).read_text())


def test_the_same_rows_spec_and_seed_are_the_same_bytes(tmp_path: Path, small: Path) -> None:
    again = training_folder(tmp_path, small)
    train(TrainingLayout(again))
    assert sorted(files_of(again / "model")) == FILES
    assert files_of(again / "model") == files_of(small / "model")


@pytest.mark.parametrize("chunks", [1, 2])
def test_a_training_that_was_interrupted_ends_with_the_bytes_of_one_that_was_not(
    tmp_path: Path, small: Path, monkeypatch: pytest.MonkeyPatch, chunks: int
) -> None:
    root = training_folder(tmp_path, small)
    trained: list[int] = []
    chunk = xgboost_learner._boost_chunk

    def watched(*arguments: Any) -> Any:  # noqa: ANN401 - stands in for any signature
        trained.append(arguments[0].rounds)
        return chunk(*arguments)

    def interrupted(*arguments: Any) -> Any:  # noqa: ANN401 - stands in for any signature
        if len(trained) == chunks:
            raise Interrupted
        return watched(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(xgboost_learner, "_boost_chunk", interrupted)
        with pytest.raises(Interrupted):
            train(TrainingLayout(root))
    assert files_of(root / "model") == {}
    assert len(list((root / "checkpoints").iterdir())) == chunks

    trained.clear()
    monkeypatch.setattr(xgboost_learner, "_boost_chunk", watched)
    train(TrainingLayout(root))
    assert trained == [20 * done for done in range(chunks, 3)]
    assert files_of(root / "model") == files_of(small / "model")


def test_a_damaged_checkpoint_is_passed_over_for_the_one_before(
    tmp_path: Path, small: Path, caplog: pytest.LogCaptureFixture
) -> None:
    root = training_folder(tmp_path, small)
    shutil.copytree(small / "checkpoints", root / "checkpoints")
    assert sorted(path.name for path in (root / "checkpoints").iterdir()) == [
        "rounds-00040.checkpoint",
        "rounds-00050.checkpoint",
    ]
    last = root / "checkpoints/rounds-00050.checkpoint"
    last.write_bytes(last.read_bytes()[:-100])
    with caplog.at_level(logging.INFO):
        train(TrainingLayout(root))
    assert "Checkpoint rounds-00050.checkpoint is damaged and not used." in caplog.messages
    assert "Resuming after 40 rounds." in caplog.messages
    assert files_of(root / "model") == files_of(small / "model")


def test_a_checkpoint_of_other_hyperparameters_is_not_used(
    tmp_path: Path, small: Path, caplog: pytest.LogCaptureFixture
) -> None:
    root = training_folder(tmp_path, small, {"eta": "0.2"})
    shutil.copytree(small / "checkpoints", root / "checkpoints")
    with caplog.at_level(logging.INFO):
        train(TrainingLayout(root))
    foreign = "is of other data, spec, code or hyperparameters and not used."
    assert [message for message in caplog.messages if message.startswith("Checkpoint")] == [
        f"Checkpoint rounds-00050.checkpoint {foreign}",
        f"Checkpoint rounds-00040.checkpoint {foreign}",
    ]
    assert "Resuming after 40 rounds." not in caplog.messages


def test_the_version_follows_data_spec_code_and_settings(
    tmp_path: Path, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    versions = {document(small, "manifest.json")["version"]}
    for place, settings in enumerate([{"seed": "8"}, {"max_depth": "2"}]):
        root = training_folder(tmp_path / str(place), small, settings)
        train(TrainingLayout(root))
        versions.add(document(root, "manifest.json")["version"])
    monkeypatch.setenv("PERENNIAL_CODE_SHA256", "c" * 64)
    monkeypatch.setenv("PERENNIAL_IMAGE_DIGEST", "sha256:" + "d" * 64)
    root = training_folder(tmp_path / "code", small)
    train(TrainingLayout(root))
    manifest = document(root, "manifest.json")
    versions.add(manifest["version"])
    assert len(versions) == 4
    assert (manifest["hashes"]["code"], manifest["hashes"]["image"]) == ("c" * 64, "sha256:" + "d" * 64)


def test_the_manifest_states_the_inputs_parts_and_hashes(small: Path) -> None:
    manifest = document(small, "manifest.json")
    contracts.check("manifest", manifest, "manifest.json")
    prepared = json.loads((small / "processing/output/prepared/prepared.json").read_text())
    common = {"required": False}
    code = {"type": "code", "pattern": small_spec()["source"]["columns"]["code_1"]["pattern"]}
    doses = {"type": "category", "levels": ["No", "Up", "Down"], "closed": True}
    assert manifest["inputs"] == [
        common
        | {
            "name": "color",
            "index": 0,
            "type": "category",
            "levels": ["red", "green", "blue", "1"],
            "closed": False,
        },
        {
            "name": "grade",
            "index": 1,
            "required": True,
            "type": "category",
            "levels": ["low", "mid", "high"],
            "closed": True,
        },
        common | {"name": "code_1", "index": 2} | code,
        common | {"name": "code_2", "index": 3} | code,
        common | {"name": "dose_a", "index": 4} | doses,
        common | {"name": "dose_b", "index": 5} | doses,
        common | {"name": "weight", "index": 0, "type": "number", "min": -5, "max": 5},
        common | {"name": "visits", "index": 1, "type": "integer", "min": 0, "max": 20},
        common | {"name": "stays", "index": 2, "type": "integer", "min": 0, "max": 20},
        common | {"name": "day", "index": 3, "type": "date", "min": "2020-01-01", "max": "2039-12-31"},
        common | {"name": "earlier", "index": 4, "type": "integer", "min": 0, "max": 100},
    ]
    assert manifest["ignored"] == ["id", "person", "outcome", "result", "days", "note"]
    assert manifest["output"] == {"name": "prediction", "columns": 1}
    assert manifest["lookups"] == []
    assert manifest["algorithm"] == {
        "kind": "xgboost",
        "hyperparameters": small_spec()["algorithms"][0]["hyperparameters"],
    }
    assert manifest["parts"] == prepared["parts"]
    train_part = prepared["parts"]["train"]
    prevalence = train_part["classRows"][1] / train_part["rows"]
    assert manifest["task"]["prevalence"] == pytest.approx(prevalence, abs=1e-12)
    assert manifest["hashes"]["data"] == prepared["dataSha256"]
    assert manifest["hashes"]["spec"] == prepared["specSha256"]
    assert manifest["hashes"]["files"] == {
        name: hashlib.sha256((small / "model" / name).read_bytes()).hexdigest()
        for name in ("model.onnx", "metrics.json", "baseline.json", "structure.json", "card.md")
    }
    trees = document(small, "structure.json")["trees"]
    assert manifest["trees"]["count"] == len(trees) == document(small, "metrics.json")["bestRound"]
    assert manifest["trees"]["depth"] == 3


def test_the_spec_hash_is_the_one_that_sha256sum_gives(small: Path) -> None:
    folder = small / "processing/input/spec"
    lines = [
        f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n"
        for name in ("features.sql", "spec.json")
    ]
    assert (
        document(small, "manifest.json")["hashes"]["spec"]
        == hashlib.sha256("".join(lines).encode()).hexdigest()
    )


def test_the_structure_gives_the_graphs_predictions(hospital: Path) -> None:
    layout = TrainingLayout(hospital)
    spec = Spec.read(layout.spec)
    batch = (
        read_prepared(layout.prepared, spec, TensorLayout.of(spec)).parts["calibration"].batch.slice(0, 200)
    )
    features = Runner(feature_model(FeatureGraph.of(spec))).run(batch)
    file = document(hospital, "structure.json")
    assert len(file["features"]) == features.shape[1]
    raw = np.array([raw_scores_by_hand(file, row) for row in features])
    expected = Probability(file["answer"]["slope"][0], file["answer"]["intercept"][0]).apply(raw)
    given = Runner((hospital / "model/model.onnx").read_bytes()).run(batch)
    np.testing.assert_allclose(given, expected, atol=1e-6, rtol=0)


def test_the_hospital_model_is_as_good_as_published_ones_and_not_better_than_is_plausible(
    hospital: Path,
) -> None:
    metrics = document(hospital, "metrics.json")["parts"]
    assert 0.665 <= metrics["validation"]["rocAuc"] <= 0.72
    assert metrics["validation"]["brierSkill"] >= 0.04
    calibration = metrics["calibration"]
    assert calibration["meanPrediction"] == pytest.approx(
        calibration["classRows"][1] / calibration["rows"], abs=1e-5
    )


def test_a_quarter_of_the_training_rows_is_trained_without_history_and_no_other_part_is(small: Path) -> None:
    layout = TrainingLayout(small)
    spec = Spec.read(layout.spec)
    tensors = TensorLayout.of(spec)
    rows = read_prepared(layout.prepared, spec, tensors)
    place = tensors.number("earlier")
    withheld = np.isnan(rows.withheld.numbers[:, place])
    assert 0.2 < withheld.mean() < 0.3
    assert [int(np.isnan(part.batch.numbers[:, place]).sum()) for part in rows.parts.values()] == [0, 0, 0]
    others = [index for index in range(len(tensors.numbers)) if index != place]
    np.testing.assert_array_equal(
        rows.withheld.numbers[:, others], rows.parts["train"].batch.numbers[:, others]
    )


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([0.5, 0.25002], "validation row 1: the graph says [0.2500"),
        (
            [math.nan, 0.25],
            "validation row 0: the graph says [nan], the fitted model [0.5]; limit 1e-05",
        ),
    ],
)
def test_a_graph_that_departs_from_the_model_fails_the_job(given: list[float], message: str) -> None:
    with pytest.raises(ParityError) as failure:
        check_parity(
            task_of(small_spec()["task"]),
            "validation",
            np.array([0.5, 0.25]),
            np.array(given, np.float32).reshape(-1, 1),
        )
    assert str(failure.value).startswith(message)


def test_a_job_whose_graph_departs_from_its_model_leaves_no_artifact(
    tmp_path: Path, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = training_folder(tmp_path, small)
    monkeypatch.setattr(candidates, "PARITY", -1.0)
    with pytest.raises(ParityError):
        train(TrainingLayout(root))
    assert files_of(root / "model") == {}
