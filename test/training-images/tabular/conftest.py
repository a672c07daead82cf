"""Jobs that several tests look at, each run once."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs import Jobs, started_jobs
from perennial_tabular.layout import ProcessingLayout, TrainingLayout
from perennial_tabular.preparing import prepare
from small_workload import processing_folder, training_folder
from workload_folders import workload


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """
    Workers take file after file in this order: first the one that takes longest, then those that share what
    takes long to prepare.
    """
    for fixture in ("prepared_hospital", "spark"):
        users = {item.path for item in items if fixture in getattr(item, "fixturenames", ())}
        items.sort(key=lambda item: item.path not in users)


@pytest.fixture(autouse=True)
def _environment_of_a_job(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("PERENNIAL_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def jobs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jobs]:
    """Starts jobs as processes, none of which outlives the test."""
    with started_jobs(tmp_path_factory.mktemp("logs")) as started:
        yield started


@pytest.fixture(scope="session")
def prepared_small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Root of a finished processing job of the small workload."""
    root = processing_folder(tmp_path_factory.mktemp("small"))
    prepare(ProcessingLayout(root))
    return root


@pytest.fixture(scope="session")
def small(prepared_small: Path) -> Path:
    """Root of the same job and, on its rows, a finished training job."""
    from perennial_tabular.training import train

    train(TrainingLayout(training_folder(prepared_small, prepared_small)))
    return prepared_small


@pytest.fixture(scope="session")
def prepared_hospital(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Root of a finished processing job of the workload hospital-readmission on all of its real rows."""
    root = workload("hospital-readmission").processing_folder(tmp_path_factory.mktemp("hospital"))
    prepare(ProcessingLayout(root))
    return root


@pytest.fixture(scope="session")
def hospital(prepared_hospital: Path) -> Path:
    """Root of the same job and, on its rows, a finished training job."""
    from perennial_tabular.training import train

    train(TrainingLayout(training_folder(prepared_hospital, prepared_hospital)))
    return prepared_hospital
