"""The entry point as processes of their own, as the container starts it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SOURCES = Path(__file__).parents[3] / "training-images/tabular/src"
# Far more than any of these jobs takes on a busy machine: it only ends a test that hangs.
PATIENCE_SECONDS = 180


@dataclass(frozen=True)
class Job:
    """A started job. It logs to a file: a pipe that nobody reads stops who writes once it is full."""

    process: subprocess.Popen[bytes]
    log: Path

    def ended(self) -> tuple[int, str]:
        """Exit code and log, once it has ended."""
        return self.process.wait(PATIENCE_SECONDS), self.log.read_text("utf-8")


class Jobs:
    """The jobs of one test."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._started: list[Job] = []

    def start(self, root: Path, name: str, **environment: str) -> Job:
        """Starts the job `name` (prepare or train) on the folders in `root`."""
        return self.start_python(root, ["-m", "perennial_tabular", name], **environment)

    def start_python(self, root: Path, arguments: list[str], **environment: str) -> Job:
        """Starts what the arguments of the interpreter say, in the environment of a job."""
        log = self._logs / f"{len(self._started)}.log"
        with log.open("wb") as sink:
            process = subprocess.Popen(  # noqa: S603 - our own module
                [sys.executable, *arguments],
                env=os.environ | {"PYTHONPATH": str(SOURCES), "PERENNIAL_ML_ROOT": str(root)} | environment,
                stdout=sink,
                stderr=subprocess.STDOUT,
            )
        self._started.append(Job(process, log))
        return self._started[-1]

    def run(self, root: Path, name: str, **environment: str) -> tuple[int, str]:
        """Runs a job to its end: exit code and log."""
        return self.start(root, name, **environment).ended()

    def kill(self) -> None:
        """Leaves no process behind, whatever has become of the test."""
        for job in self._started:
            if job.process.poll() is None:
                job.process.kill()
            job.process.wait()


@contextmanager
def started_jobs(logs: Path) -> Iterator[Jobs]:
    jobs = Jobs(logs)
    try:
        yield jobs
    finally:
        jobs.kill()
