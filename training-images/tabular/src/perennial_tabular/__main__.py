"""Entry point of the container: `python -m perennial_tabular prepare | train`."""

import logging
import os
import signal
import sys
import time
import traceback
from pathlib import Path
from types import FrameType

from perennial_tabular.ending import FAILED, MISUSED, STOPPED, say
from perennial_tabular.faults import InvalidInput
from perennial_tabular.layout import ProcessingLayout, TrainingLayout

log = logging.getLogger("perennial_tabular")

USAGE = "expected one argument: prepare or train"


class Stopped(BaseException):
    """
    SIGTERM: a spot interruption, or someone stopped the job. Like KeyboardInterrupt, no bug's handler
    may hold it.
    """


def main(arguments: list[str], root: Path) -> int:
    """Runs one job below `root` and answers with its exit code."""
    if arguments not in (["prepare"], ["train"]):
        log.error("given %s; %s", arguments, USAGE)
        return MISUSED
    job = arguments[0]
    message = (ProcessingLayout(root) if job == "prepare" else TrainingLayout(root)).message
    message.unlink(missing_ok=True)
    try:
        _run(job, root)
    except InvalidInput as error:
        say(message, str(error))
        log.error("%s", error)
        return FAILED
    except Stopped:
        reached = "the last checkpoint holds what is done" if job == "train" else "nothing was written"
        say(message, f"The {job} job was stopped by SIGTERM; {reached}. Start it again to finish.")
        log.warning("Stopped by SIGTERM; %s.", reached)
        return STOPPED
    except Exception:
        say(message, f"The {job} job failed by a bug:\n{traceback.format_exc()}")
        raise
    return 0


def _run(job: str, root: Path) -> None:
    # Imported late: the libraries take a second, in which SIGTERM is to be heard already.
    if job == "prepare":
        from perennial_tabular.preparing import prepare

        prepare(ProcessingLayout(root))
    else:
        from perennial_tabular.training import train

        train(TrainingLayout(root))


def _stop(_signal: int, _frame: FrameType | None) -> None:
    # A second signal must not interrupt the cleaning up after the first.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise Stopped


if __name__ == "__main__":
    logging.basicConfig(
        level=logging.INFO,
        stream=sys.stdout,
        format="%(asctime)s.%(msecs)03dZ %(message)s",
        datefmt="%Y-%m-%dT%H:%M:%S",
    )
    logging.Formatter.converter = time.gmtime
    signal.signal(signal.SIGTERM, _stop)
    sys.exit(main(sys.argv[1:], Path(os.environ.get("PERENNIAL_ML_ROOT", "/opt/ml"))))
