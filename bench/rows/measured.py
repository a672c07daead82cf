"""A process, its time and its memory."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple


class Run(NamedTuple):
    """One process: wall time in seconds, largest resident set in MiB, processor time of all its threads."""

    seconds: float
    peak_mib: float
    processor_seconds: float


def run(*arguments: object, python: Path | None = None, environment: dict[str, str] | None = None) -> Run:
    """Runs a Python program to its end, with this interpreter unless another one is named."""
    began = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603 - our own programs
        [str(python or sys.executable), *map(str, arguments)],
        env={**os.environ, **(environment or {})},
        stdout=sys.stderr,
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{arguments[0]} ended with {process.returncode}")
    unit = 1 if sys.platform == "darwin" else 1024
    processor = usage.ru_utime + usage.ru_stime
    return Run(time.perf_counter() - began, usage.ru_maxrss * unit / 2**20, processor)
