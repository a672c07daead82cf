"""The search inside the job: its budget, its failures, and that an interruption leaves no trace."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from algorithms import algorithm
from perennial_tabular.faults import InvalidInput
from perennial_tabular.layout import ProcessingLayout, TrainingLayout
from perennial_tabular.learners.lightgbm_learner import LightGBMLearner
from perennial_tabular.learners.xgboost_learner import XGBoostLearner
from perennial_tabular.preparing import prepare
from perennial_tabular.search.judging import Judging
from perennial_tabular.training import train
from small_workload import files_of, processing_folder, small_spec, training_folder

SEARCH = {
    "run": "on-request",
    "engine": "job",
    "strategy": "bayesian",
    "trials": 14,
    "minutes": 5,
    "folds": 3,
    "pruning": {"minRounds": 5, "reductionFactor": 2},
    "seed": 11,
}
DEPTH = {"type": "int", "min": 1, "max": 6, "log": False}
RATE = {"type": "float", "min": 0.01, "max": 0.5, "log": True}
BINS = {"type": "choice", "values": [16, 64]}


class Interrupted(BaseException):
    """Stands for whatever ends a job early."""


def searched_spec(**search: Any) -> dict[str, Any]:  # noqa: ANN401 - any setting
    spec = small_spec()
    spec["search"] = SEARCH | search
    spec["algorithms"] = [
        algorithm("xgboost", max_depth=DEPTH, eta=RATE, max_bin=BINS),
        algorithm("lightgbm", learning_rate=RATE),
    ]
    return spec


def prepared(root: Path, spec: dict[str, Any]) -> Path:
    prepare(ProcessingLayout(processing_folder(root, spec=spec)))
    return root


def job(root: Path, source: Path, **settings: str) -> Path:
    return training_folder(root, source, {"search": "true"} | settings)


def trials_of(root: Path) -> list[dict[str, Any]]:
    lines = (root / "output/data/trials.jsonl").read_text().splitlines()
    # How long a trial took is the one thing that may differ.
    return [{key: value for key, value in json.loads(line).items() if key != "seconds"} for line in lines]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepared(tmp_path_factory.mktemp("search"), searched_spec())


@pytest.fixture(scope="module")
def whole(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished job that was never interrupted."""
    root = job(tmp_path_factory.mktemp("whole"), source)
    train(TrainingLayout(root))
    return root


def test_the_first_trials_are_the_specs_own_and_the_best_is_fitted(whole: Path) -> None:
    trials = trials_of(whole)
    assert [trial["number"] for trial in trials] == list(range(14))
    assert [trial["params"] for trial in trials[:2]] == [
        algorithm("xgboost")["hyperparameters"],
        algorithm("lightgbm")["hyperparameters"],
    ]
    assert "pruned" in {trial["state"] for trial in trials}
    summary = json.loads((whole / "output/data/run.json").read_text())
    best = min((trial for trial in trials if trial["value"] is not None), key=lambda trial: trial["value"])
    assert summary["search"] == {
        "objective": "search/logLoss",
        "direction": "minimize",
        "best": best["number"],
    }
    manifest = json.loads((whole / "model/manifest.json").read_text())
    assert manifest["algorithm"] == {"kind": best["algorithm"], "hyperparameters": best["params"]}


@pytest.mark.parametrize("done", [1, 9])
def test_a_search_that_was_interrupted_ends_as_one_that_was_not(
    tmp_path: Path, source: Path, whole: Path, monkeypatch: pytest.MonkeyPatch, done: int,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    root = job(tmp_path, source)
    asked = Judging.losses
    count = 0

    def interrupted(self: Judging, one: Any) -> Iterator[float]:  # noqa: ANN401 - an algorithm
        nonlocal count
        count += 1
        if count > done:
            raise Interrupted
        return asked(self, one)

    with monkeypatch.context() as patched:
        patched.setattr(Judging, "losses", interrupted)
        with pytest.raises(Interrupted):
            train(TrainingLayout(root))
    assert files_of(root / "model") == {}
    with caplog.at_level(logging.INFO):
        train(TrainingLayout(root))
    assert f"Resuming the search after {done} trials." in caplog.messages
    assert trials_of(root) == trials_of(whole)
    assert files_of(root / "model") == files_of(whole / "model")


def test_a_trial_that_crashes_is_a_failed_one_and_the_search_goes_on(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> Iterator[float]:
        raise MemoryError("no room")

    monkeypatch.setattr(LightGBMLearner, "losses", broken)
    root = job(tmp_path, source)
    train(TrainingLayout(root))
    trials = trials_of(root)
    assert len(trials) == 14
    assert trials[1]["state"] == "failed"
    assert trials[1]["reason"] == "MemoryError: no room"
    assert {trial["state"] for trial in trials if trial["algorithm"] == "lightgbm"} == {"failed"}
    assert json.loads((root / "output/data/run.json").read_text())["algorithm"] == "xgboost"


def test_a_search_in_which_every_trial_crashes_names_the_first_reason(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> Iterator[float]:
        raise ValueError("bad bins")

    monkeypatch.setattr(LightGBMLearner, "losses", broken)
    monkeypatch.setattr(XGBoostLearner, "losses", broken)
    root = job(tmp_path, source)
    with pytest.raises(InvalidInput) as refusal:
        train(TrainingLayout(root))
    assert str(refusal.value) == (
        "search is refused, 1 fault:\n"
        "  trials: none of 14 trials came to an end; the first: ValueError: bad bins"
    )
    assert files_of(root / "model") == {}


def test_the_minutes_end_a_search_with_the_best_found_so_far(tmp_path: Path) -> None:
    source = prepared(tmp_path / "source", searched_spec(minutes=1e-9))
    root = job(tmp_path / "job", source)
    train(TrainingLayout(root))
    assert [trial["params"] for trial in trials_of(root)] == [algorithm("xgboost")["hyperparameters"]]


@pytest.mark.parametrize(("folds", "strategy"), [(0, "bayesian"), (2, "hyperband")])
def test_trials_are_judged_on_the_validation_part_or_by_hyperband_too(
    tmp_path: Path, folds: int, strategy: str
) -> None:
    source = prepared(tmp_path / "source", searched_spec(folds=folds, strategy=strategy, trials=5))
    root = job(tmp_path / "job", source)
    train(TrainingLayout(root))
    assert len(trials_of(root)) == 5


def test_a_job_that_is_not_asked_to_search_compares_the_specs_own(tmp_path: Path, source: Path) -> None:
    root = job(tmp_path, source, search="false")
    train(TrainingLayout(root))
    assert json.loads((root / "output/data/run.json").read_text())["search"]["objective"] == "rocAuc"
    assert len(trials_of(root)) == 2
