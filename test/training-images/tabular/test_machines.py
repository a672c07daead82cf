"""Training on several machines: real processes that find each other as the hosts of a job do."""

import json
import secrets
import socket
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import stuck_machine
from algorithms import algorithm
from jobs import Job, Jobs
from perennial_tabular.ending import FAILED
from perennial_tabular.faults import InvalidInput
from perennial_tabular.layout import ProcessingLayout, TrainingLayout
from perennial_tabular.learners.learner import Labelled
from perennial_tabular.machines import Machines
from perennial_tabular.preparing import prepare
from perennial_tabular.training import train
from small_workload import files_of, processing_folder, small_spec, training_folder

HOSTS = ["algo-1", "algo-2"]
TRAIN = ["-m", "perennial_tabular", "train"]
STUCK_TRAIN = [str(Path(stuck_machine.__file__))]
# With sampling, the machines differ from one by which rows chance picks: as two seeds do.
NO_SAMPLING = {"subsample": "1", "colsample_bytree": "1"}
LONG = NO_SAMPLING | {"num_round": "400", "early_stopping_rounds": "400", "eta": "0.001"}


def host_folder(root: Path, source: Path, host: str, settings: dict[str, str] = NO_SAMPLING) -> Path:
    training_folder(root, source, settings)
    config = {"current_host": host, "hosts": HOSTS}
    (root / "input/config/resourceconfig.json").write_text(json.dumps(config))
    return root


def meeting_place() -> tuple[str, int]:
    """
    An address of this machine that nothing listens at. Its port isn't among those that the system gives away:
    it has to be free still when the jobs have read their rows.
    """
    while True:
        place = ("127.0.0.1", 20_000 + secrets.randbelow(10_000))
        with socket.socket() as opened, suppress(OSError):
            opened.bind(place)
            return place


def start_both(jobs: Jobs, roots: list[Path], arguments: list[str] = TRAIN) -> list[Job]:
    """Starts a process for each host."""
    place = environment_of(meeting_place())
    # The second first: it has to wait for the one that the others meet at.
    return [jobs.start_python(root, arguments, **place) for root in reversed(roots)][::-1]


def environment_of(place: tuple[str, int]) -> dict[str, str]:
    return {"PERENNIAL_MEETING_HOST": place[0], "PERENNIAL_MEETING_PORT": str(place[1])}


def assert_running(jobs: list[Job]) -> None:
    assert all(job.process.poll() is None for job in jobs), [job.log.read_text() for job in jobs]


def train_on_both(jobs: Jobs, roots: list[Path]) -> list[str]:
    """Runs a process for each host to its end; answers with their logs."""
    codes, logs = zip(*(job.ended() for job in start_both(jobs, roots)), strict=True)
    assert codes == (0, 0), logs
    return list(logs)


def test_two_machines_train_as_good_a_model_as_one_and_the_first_writes_it(
    tmp_path: Path, prepared_hospital: Path, jobs: Jobs
) -> None:
    settings = NO_SAMPLING | {"num_round": "40"}
    one = training_folder(tmp_path / "one", prepared_hospital, settings)
    train(TrainingLayout(one))
    roots = [host_folder(tmp_path / host, prepared_hospital, host, settings) for host in HOSTS]
    logs = train_on_both(jobs, roots)
    assert logs[1].splitlines()[-1].endswith("Fitted a share of the rows; algo-1 writes the model.")
    assert files_of(roots[1] / "model") == files_of(roots[1] / "checkpoints") == {}
    both, alone = (
        json.loads((root / "model/metrics.json").read_text())["parts"]["validation"]["rocAuc"]
        for root in (roots[0], one)
    )
    assert both == pytest.approx(alone, abs=0.002)


def test_two_machines_go_on_from_the_checkpoint_of_the_first(tmp_path: Path, small: Path, jobs: Jobs) -> None:
    roots = [host_folder(tmp_path / host, small, host) for host in HOSTS]
    train_on_both(jobs, roots)
    whole = files_of(roots[0] / "model")
    # As after a spot interruption: the last chunk of rounds is lost, and so is the model.
    max((roots[0] / "checkpoints").iterdir()).unlink()
    assert all("Resuming after 40 rounds." in log for log in train_on_both(jobs, roots))
    assert files_of(roots[0] / "model") == whole


@pytest.mark.parametrize("lost", [0, 1])
def test_a_machine_that_dies_ends_the_job_of_the_other(
    tmp_path: Path, small: Path, jobs: Jobs, lost: int
) -> None:
    roots = [host_folder(tmp_path / host, small, host, LONG) for host in HOSTS]
    both = start_both(jobs, roots)
    while not list((roots[0] / "checkpoints").glob("*.checkpoint")):
        assert_running(both)
        time.sleep(0.01)
    both[lost].process.kill()
    code, log = both[1 - lost].ended()
    assert code > 0, log
    assert files_of(roots[0] / "model") == {}


@pytest.mark.parametrize("lost", [0, 1])
def test_a_machine_whose_fit_waits_without_end_says_which_one_it_has_lost(
    tmp_path: Path, small: Path, jobs: Jobs, lost: int
) -> None:
    roots = [host_folder(tmp_path / host, small, host) for host in HOSTS]
    both = start_both(jobs, roots, STUCK_TRAIN)
    while not all((root / stuck_machine.STUCK).exists() for root in roots):
        assert_running(both)
        time.sleep(0.01)
    both[lost].process.kill()
    code, log = both[1 - lost].ended()
    assert code == FAILED, log
    said = lost_message(HOSTS[lost])
    assert (roots[1 - lost] / "output/failure").read_text() == said
    assert log.splitlines()[-2:] == [f"{HOSTS[lost]} has gone without a word.", said]
    assert files_of(roots[0] / "model") == {}


def test_a_machine_that_dies_before_the_fit_ends_the_job_of_the_first_and_a_stranger_does_not(
    tmp_path: Path, small: Path, jobs: Jobs
) -> None:
    root, place = host_folder(tmp_path, small, HOSTS[0]), meeting_place()
    first = jobs.start_python(root, STUCK_TRAIN, **environment_of(place))
    assert knock(first, place, "algo-3") == ""
    assert_running([first])
    assert int(knock(first, place, HOSTS[1])) > 0
    code, log = first.ended()
    assert code == FAILED, log
    assert "algo-3 has gone" not in log
    assert (root / "output/failure").read_text() == lost_message(HOSTS[1])


def knock(first: Job, place: tuple[str, int], host: str) -> str:
    """What the first machine answers to who calls itself `host`, and then goes without a word."""
    while True:
        assert_running([first])
        try:
            with socket.create_connection(place) as connection, connection.makefile("rw") as words:
                words.write(f"{host}\n")
                words.flush()
                return words.readline()
        except ConnectionRefusedError:
            time.sleep(0.01)


def lost_message(host: str) -> str:
    return (
        f"The train job lost {host}, which went without a word while the machines fitted one model. "
        "Its own log says why; the last checkpoint holds what is done. Start it again to finish."
    )


def test_every_row_is_one_machines() -> None:
    places = np.random.default_rng(7).random(1000)
    rows = Labelled(np.arange(1003, dtype=np.float32).reshape(-1, 1), np.zeros(1003))
    shares = [
        Machines(("a", "b", "c"), place, Path("failure")).share(rows, places).features[:, 0]
        for place in range(3)
    ]
    assert sorted(np.concatenate(shares).tolist()) == list(range(1003))
    assert all(280 < len(share) < 390 for share in shares)


def test_what_several_machines_cannot_do_is_refused(tmp_path: Path) -> None:
    spec: dict[str, Any] = small_spec()
    spec["algorithms"] = [algorithm("xgboost"), algorithm("linear")]
    source = processing_folder(tmp_path / "source", spec=spec)
    prepare(ProcessingLayout(source))
    root = host_folder(tmp_path / "job", source, "algo-2")
    with pytest.raises(InvalidInput) as refusal:
        train(TrainingLayout(root))
    assert str(refusal.value) == (
        "spec.json is refused, 2 faults:\n"
        "  algorithms: linear needs one machine; expected training.instanceCount 1\n"
        "  algorithms: comparing several needs one machine; expected training.instanceCount 1"
    )


def test_a_host_that_is_not_among_the_hosts_is_refused(tmp_path: Path, small: Path) -> None:
    root = host_folder(tmp_path, small, "algo-3")
    with pytest.raises(InvalidInput) as refusal:
        train(TrainingLayout(root))
    assert str(refusal.value).startswith(
        "resourceconfig.json is refused, 1 fault:\n"
        "  (root): expected JSON with hosts and, among them, current_host"
    )
