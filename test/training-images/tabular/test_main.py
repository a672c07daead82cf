"""The container's entry point: exit codes, failure files, signals, an odd machine."""

import json
import logging
import os
import signal
import time
from pathlib import Path

import pytest

from jobs import Jobs
from perennial_tabular import training
from perennial_tabular.__main__ import main
from perennial_tabular.ending import FAILED, MISUSED, STOPPED
from small_features import FEATURES_SQL
from small_workload import files_of, processing_folder, small_rows, training_folder

# Rounds enough for a signal to come in the middle.
LONG = {"num_round": "400", "early_stopping_rounds": "400", "eta": "0.001"}


@pytest.fixture(scope="module")
def uninterrupted(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Root of a finished training job of as many rounds."""
    root = training_folder(tmp_path_factory.mktemp("whole"), small, LONG)
    assert main(["train"], root) == 0
    return root


def test_sagemakers_arguments_run_both_jobs_and_log_progress_with_metrics(
    tmp_path: Path, small: Path, jobs: Jobs
) -> None:
    root = processing_folder(tmp_path)
    code, log = jobs.run(root, "prepare")
    kept = sum(row["color"] != "blue" for row in small_rows())
    assert log.splitlines()[-1].endswith(f"Prepared {kept} of 1200 rows of small.")
    assert code == 0
    code, log = jobs.run(training_folder(root, root), "train")
    assert code == 0
    for name in ("train_logloss", "validation_logloss", "validation_auc"):
        lines = [line for line in log.splitlines() if f"metric name={name} value=" in line]
        assert [line.rsplit(" ", 1)[1] for line in lines] == ["round=20", "round=40", "round=50"]
    assert files_of(root / "model") == files_of(small / "model")


@pytest.mark.parametrize("arguments", [[], ["serve"], ["train", "now"]])
def test_other_arguments_are_refused(
    tmp_path: Path, arguments: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    assert main(arguments, tmp_path) == MISUSED
    assert caplog.messages == [f"given {arguments}; expected one argument: prepare or train"]
    assert files_of(tmp_path) == {}


def test_the_owners_mistakes_stand_in_the_exit_message_of_the_processing_job(tmp_path: Path) -> None:
    root = processing_folder(tmp_path, sql="SELEC")
    assert main(["prepare"], root) == FAILED
    assert (root / "output/message").read_text() == (
        'features.sql is refused, 1 fault:\n  (root): Parser Error: syntax error at or near "SELEC"'
    )


def test_a_refusal_by_the_data_gate_is_an_outcome_and_no_failure(tmp_path: Path) -> None:
    root = processing_folder(tmp_path, raw="")
    assert main(["prepare"], root) == 0
    snapshot = json.loads((root / "processing/output/gate/gate.json").read_text())["snapshotSha256"]
    assert (root / "output/message").read_text() == (
        f"refused {snapshot}: 1 check failed: columns: rows.csv is empty; expected a header and rows"
    )


def test_the_owners_mistakes_stand_in_the_failure_reason_of_the_training_job(
    tmp_path: Path, small: Path
) -> None:
    root = training_folder(
        tmp_path, small, {"eta": "2", "max_depth": "3.5", "num_round": "many", "depth": "3"}
    )
    assert main(["train"], root) == FAILED
    assert (root / "output/failure").read_text() == (
        "hyperparameters.json is refused, 4 faults:\n"
        "  depth: unknown; expected some of num_round, early_stopping_rounds, max_depth, eta, "
        "min_child_weight, subsample, colsample_bytree, reg_lambda, reg_alpha, gamma, max_bin, seed, "
        "algorithm, search\n"
        '  eta: given "2"; expected a number above 0 to 1, as text\n'
        '  max_depth: given "3.5"; expected a whole number from 1 to 12, as text\n'
        '  num_round: given "many"; expected a whole number from 1 to 5000, as text'
    )
    assert files_of(root / "model") == {}


def test_a_bug_keeps_its_traceback_and_leaves_no_artifact(
    tmp_path: Path, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = training_folder(tmp_path, small)

    def broken(*_: object) -> None:
        raise KeyError("lost")

    monkeypatch.setattr(training, "write_artifact", broken)
    with pytest.raises(KeyError, match="lost"):
        main(["train"], root)
    said = (root / "output/failure").read_text()
    assert said.startswith("The train job failed by a bug:\nTraceback (most recent call last):\n")
    assert said.endswith("KeyError: 'lost'\n")
    assert files_of(root / "model") == {}


def test_a_later_success_replaces_the_failure_of_an_earlier_attempt(tmp_path: Path) -> None:
    root = processing_folder(tmp_path, sql="SELEC")
    assert main(["prepare"], root) == FAILED
    (root / "processing/input/spec/features.sql").write_text(FEATURES_SQL)
    assert main(["prepare"], root) == 0
    snapshot = json.loads((root / "processing/output/gate/gate.json").read_text())["snapshotSha256"]
    assert (root / "output/message").read_text() == f"accepted {snapshot}"


def interrupted(jobs: Jobs, root: Path, number: signal.Signals) -> tuple[int, str]:
    """Sends the signal to a training as soon as it has a checkpoint: exit code and log."""
    job = jobs.start(root, "train")
    while job.process.poll() is None and not list((root / "checkpoints").glob("*.checkpoint")):
        time.sleep(0.01)
    job.process.send_signal(number)
    return job.ended()


def test_sigterm_stops_a_training_with_a_checkpoint_from_which_it_ends_the_same(
    tmp_path: Path, small: Path, uninterrupted: Path, jobs: Jobs
) -> None:
    root = training_folder(tmp_path, small, LONG)
    code, log = interrupted(jobs, root, signal.SIGTERM)
    assert code == STOPPED == 143
    assert log.splitlines()[-1].endswith("Stopped by SIGTERM; the last checkpoint holds what is done.")
    assert (root / "output/failure").read_text() == (
        "The train job was stopped by SIGTERM; the last checkpoint holds what is done. "
        "Start it again to finish."
    )
    assert files_of(root / "model") == {}
    code, log = jobs.run(root, "train")
    assert code == 0
    assert "Resuming after " in log
    assert files_of(root / "model") == files_of(uninterrupted / "model")


def test_a_training_that_is_killed_without_a_word_ends_the_same_when_it_is_started_again(
    tmp_path: Path, small: Path, uninterrupted: Path, jobs: Jobs
) -> None:
    root = training_folder(tmp_path, small, LONG)
    code, _ = interrupted(jobs, root, signal.SIGKILL)
    assert code == -signal.SIGKILL
    assert files_of(root / "model") == {}
    code, log = jobs.run(root, "train")
    assert code == 0
    assert "Resuming after " in log
    assert files_of(root / "model") == files_of(uninterrupted / "model")


def test_sigterm_stops_a_processing_job_without_outputs(tmp_path: Path, jobs: Jobs) -> None:
    root = processing_folder(tmp_path)
    # A pipe that nobody writes to: the job waits for its first file.
    (root / "processing/input/raw/rows.csv").unlink()
    os.mkfifo(root / "processing/input/raw/rows.csv")
    job = jobs.start(root, "prepare")
    # Opens once the job reads it, so that the signal comes while it does.
    writer = os.open(root / "processing/input/raw/rows.csv", os.O_WRONLY)
    job.process.send_signal(signal.SIGTERM)
    os.close(writer)
    code, _ = job.ended()
    assert code == STOPPED
    assert (root / "output/message").read_text() == (
        "The prepare job was stopped by SIGTERM; nothing was written. Start it again to finish."
    )
    assert files_of(root / "processing/output") == {}


def test_the_machines_locale_clock_zone_and_threads_change_no_byte(
    tmp_path: Path, small: Path, jobs: Jobs
) -> None:
    root = processing_folder(tmp_path)
    odd = {
        "LC_ALL": "C",
        "LANG": "tr_TR",
        "TZ": "Pacific/Apia",
        "PYTHONHASHSEED": "7",
        "OMP_NUM_THREADS": "4",
    }
    odd["PYTHONUTF8"] = "0"
    for name in ("prepare", "train"):
        assert jobs.run(root, name, **odd)[0] == 0
        if name == "prepare":
            training_folder(root, root)
    assert files_of(root / "processing/output") == files_of(small / "processing/output")
    assert files_of(root / "model") == files_of(small / "model")


def test_progress_is_logged_in_utc_whatever_the_zone(tmp_path: Path, jobs: Jobs) -> None:
    _, log = jobs.run(processing_folder(tmp_path), "prepare", TZ="Pacific/Apia")
    first = log.splitlines()[0]
    logged = time.strptime(first.split(".")[0], "%Y-%m-%dT%H:%M:%S")
    assert abs(time.mktime(logged) - time.mktime(time.gmtime())) < 120
    assert logging.getLogger("perennial_tabular").level == logging.NOTSET
    assert (
        json.loads((tmp_path / "processing/output/prepared/prepared.json").read_text())["workload"] == "small"
    )
