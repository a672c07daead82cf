"""How a job ends: its exit codes, and what it says where its owner looks."""

import signal
from pathlib import Path

FAILED = 1
MISUSED = 2
STOPPED = 128 + signal.SIGTERM


def say(path: Path, message: str) -> None:
    """Writes the file that SageMaker copies into the job's ExitMessage or FailureReason."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(message, "utf-8")
