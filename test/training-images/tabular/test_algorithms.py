"""Every algorithm on every task: the graph, the structure and the bytes."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from algorithms import HYPERPARAMETERS, algorithm
from perennial_tabular.answers.classes import softmax
from perennial_tabular.answers.probability import sigmoid
from perennial_tabular.feature_graph import FeatureGraph
from perennial_tabular.layout import ProcessingLayout, TrainingLayout
from perennial_tabular.model_graph import Runner, feature_model
from perennial_tabular.preparing import prepare
from perennial_tabular.rows import read_prepared
from perennial_tabular.spec import Spec
from perennial_tabular.training import train
from small_workload import (
    files_of,
    processing_folder,
    small_multiclass_spec,
    small_regression_spec,
    small_spec,
    training_folder,
)
from structure_reference import raw_scores_by_hand

SPECS = {
    "binary": small_spec,
    "multiclass": small_multiclass_spec,
    "regression": small_regression_spec,
}
WIDTHS = {"binary": 1, "multiclass": 3, "regression": 3}


def trained(root: Path, task: str, kinds: list[str], imbalance: str = "none") -> Path:
    spec = SPECS[task]()
    spec["algorithms"] = [algorithm(kind) for kind in kinds]
    spec["imbalance"] = imbalance
    prepare(ProcessingLayout(processing_folder(root, spec=spec)))
    train(TrainingLayout(training_folder(root, root)))
    return root


def document(root: Path, name: str) -> Any:  # noqa: ANN401 - any JSON
    return json.loads((root / "model" / name).read_text())


def answers_by_hand(structure: dict[str, Any], features: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    raw = np.array([raw_scores_by_hand(structure, row) for row in features])
    answer = structure["answer"]
    scaled: npt.NDArray[np.float64] = raw * np.array(answer["slope"]) + np.array(answer["intercept"])
    if answer["link"] == "identity":
        return scaled
    return sigmoid(scaled) if answer["link"] == "sigmoid" else softmax(scaled)


@pytest.mark.parametrize("kind", HYPERPARAMETERS)
@pytest.mark.parametrize("task", SPECS)
def test_the_structure_gives_what_the_graph_answers(tmp_path: Path, task: str, kind: str) -> None:
    root = trained(tmp_path, task, [kind])
    layout = TrainingLayout(root)
    spec = Spec.read(layout.spec)
    graph = FeatureGraph.of(spec)
    batch = read_prepared(layout.prepared, spec, graph.layout).parts["calibration"].batch.slice(0, 60)
    given = Runner((root / "model/model.onnx").read_bytes()).run(batch)
    assert given.shape == (60, WIDTHS[task])
    assert not np.isnan(given).any()
    by_hand = answers_by_hand(document(root, "structure.json"), Runner(feature_model(graph)).run(batch))
    if task == "regression":
        by_hand = np.clip(by_hand, 1, 60)
        assert (given[:, 1] <= given[:, 0]).all()
        assert (given[:, 0] <= given[:, 2]).all()
        assert (given >= 1).all()
        assert (given <= 60).all()
    np.testing.assert_allclose(given[:, : by_hand.shape[1]], by_hand, rtol=1e-5, atol=2e-6)
    manifest = document(root, "manifest.json")
    assert manifest["algorithm"] == {"kind": kind, "hyperparameters": HYPERPARAMETERS[kind]}
    assert (manifest["trees"]["count"] > 0) == (kind != "linear")


@pytest.mark.parametrize("task", SPECS)
def test_several_algorithms_are_compared_and_the_same_one_is_kept_again(tmp_path: Path, task: str) -> None:
    root = trained(tmp_path / "first", task, list(HYPERPARAMETERS))
    metrics = document(root, "metrics.json")
    trials = metrics["compared"]["trials"]
    assert [trial["algorithm"] for trial in trials] == list(HYPERPARAMETERS)
    best = (max if task == "binary" else min)(trials, key=lambda trial: trial["value"])
    assert metrics["algorithm"] == best["algorithm"]
    again = training_folder(tmp_path / "again", root)
    train(TrainingLayout(again))
    assert files_of(again / "model") == files_of(root / "model")


@pytest.mark.parametrize("imbalance", ["weights", "smote"])
@pytest.mark.parametrize("task", ["binary", "multiclass"])
def test_balanced_classes_are_calibrated_back_to_their_shares(
    tmp_path: Path, task: str, imbalance: str
) -> None:
    root = trained(tmp_path, task, ["xgboost"], imbalance)
    part = document(root, "metrics.json")["parts"]["calibration"]
    shares = [count / part["rows"] for count in part["classRows"]]
    expected = shares[1] if task == "binary" else shares
    assert part["meanPrediction"] == pytest.approx(expected, abs=1e-5)
    structure = document(root, "structure.json")
    assert (structure["imputed"] is not None) == (imbalance == "smote")


def test_a_job_that_names_an_algorithm_fits_no_other(tmp_path: Path) -> None:
    spec = small_spec()
    spec["algorithms"] = [algorithm(kind) for kind in HYPERPARAMETERS]
    prepare(ProcessingLayout(processing_folder(tmp_path, spec=spec)))
    given = {"algorithm": "lightgbm", "num_leaves": "4", "_tuning_objective_metric": "validation:objective"}
    train(TrainingLayout(training_folder(tmp_path, tmp_path, given)))
    manifest = document(tmp_path, "manifest.json")
    assert manifest["algorithm"]["kind"] == "lightgbm"
    assert manifest["algorithm"]["hyperparameters"] == HYPERPARAMETERS["lightgbm"] | {"num_leaves": 4}
    assert "compared" not in document(tmp_path, "metrics.json")
