"""Prediction intervals of a quantity: how much they hold, and which rows say how wide they are."""

import logging
from pathlib import Path

import numpy as np
import pytest

from algorithms import algorithm
from perennial_tabular.answers.quantity import Outcomes, fit_quantity
from perennial_tabular.candidates import Crew, Matrices, out_of_fold
from perennial_tabular.checkpoints import Checkpoints
from perennial_tabular.layout import ProcessingLayout, TrainingLayout
from perennial_tabular.learners.learner import Labelled
from perennial_tabular.machines import Machines
from perennial_tabular.preparing import prepare
from perennial_tabular.spec import Spec
from perennial_tabular.training import train
from small_workload import processing_folder, small_regression_spec, training_folder, write_spec

ALONE = Machines(("localhost",), 0, Path("failure"))


def spec_of(folder: Path, kind: str) -> Spec:
    raw = small_regression_spec()
    raw["algorithms"] = [algorithm(kind)]
    raw["algorithms"][0]["hyperparameters"] |= {"max_depth": 12, "min_samples_leaf": 1}
    write_spec(folder, raw)
    return Spec.read(folder)


def outcomes(chance: np.random.Generator, rows: int) -> Outcomes:
    """Estimates between 5 and 40, and whole days whose spread grows with them, more above than below."""
    estimates = chance.uniform(5, 40, rows)
    days = estimates + estimates * (chance.gamma(2, 0.15, rows) - 0.3)
    return Outcomes(estimates, np.clip(np.round(days), 1, 60))


@pytest.mark.parametrize("coverage", [0.5, 0.9])
def test_an_interval_holds_its_share_of_rows_that_nothing_was_fitted_on(coverage: float) -> None:
    chance = np.random.default_rng(7)
    held = []
    for _ in range(8):
        quantity = fit_quantity(1, 60, coverage, outcomes(chance, 200), outcomes(chance, 2000))
        fresh = outcomes(chance, 4000)
        _, lower, upper = quantity.apply(fresh.raw).T
        held.append(np.mean((lower <= fresh.labels) & (fresh.labels <= upper)))
    assert np.mean(held) == pytest.approx(coverage, abs=0.015)
    assert np.std(held) < 0.025


def test_what_an_interval_is_measured_by_was_never_seen_and_nor_was_its_group(tmp_path: Path) -> None:
    spec = spec_of(tmp_path / "spec", "randomForest")
    chance = np.random.default_rng(7)
    # The label is nothing but its group's own, which the feature tells apart: only a model that saw another
    # row of the group can know it.
    group = np.repeat(np.arange(300), 3)
    labels = chance.uniform(1, 60, 300)[group]
    rows = Labelled(chance.uniform(0, 1, 300).astype(np.float32)[group].reshape(-1, 1), labels)
    matrices = Matrices(rows, rows, rows, chance.uniform(0, 1, 300)[group])
    crew = Crew(ALONE, np.full(len(labels), 0.9))
    judged = out_of_fold(spec, spec.algorithms[0], matrices, Checkpoints(tmp_path / "none", ""), crew)
    assert sorted(judged.labels.tolist()) == sorted(labels.tolist())
    assert abs(np.corrcoef(judged.raw.reshape(-1), judged.labels)[0, 1]) < 0.15


def test_rows_of_which_history_is_withheld_measure_no_interval(tmp_path: Path) -> None:
    spec = spec_of(tmp_path / "spec", "randomForest")
    chance = np.random.default_rng(7)
    places = chance.uniform(0, 1, 400)
    rows = Labelled(chance.uniform(0, 1, (400, 2)).astype(np.float32), np.arange(400) / 10)
    crew = Crew(ALONE, places)
    matrices = Matrices(rows, rows, rows, chance.uniform(0, 1, 400))
    judged = out_of_fold(spec, spec.algorithms[0], matrices, Checkpoints(tmp_path / "none", ""), crew)
    assert sorted(judged.labels.tolist()) == rows.labels[places >= 0.25].tolist()


@pytest.mark.parametrize("kind", ["xgboost", "lightgbm"])
def test_the_rounds_of_a_fold_are_not_logged_as_the_models(
    tmp_path: Path, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    raw = small_regression_spec()
    raw["algorithms"] = [algorithm(kind)]
    prepare(ProcessingLayout(processing_folder(tmp_path, spec=raw)))
    with caplog.at_level(logging.INFO):
        train(TrainingLayout(training_folder(tmp_path, tmp_path)))
    said = [message for message in caplog.messages if "name=validation_objective" in message]
    assert [int(message.rsplit("=", 1)[1]) for message in said] == list(range(1, len(said) + 1))
    assert [message for message in caplog.messages if message.startswith("Fitting without fold")] == [
        f"Fitting without fold {fold} of 5, for the interval." for fold in range(1, 6)
    ]
