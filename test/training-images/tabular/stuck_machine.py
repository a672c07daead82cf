"""
The training job of a machine whose main thread doesn't come back from C once it has fitted some rounds, as
it may not from XGBoost where another machine has gone.
"""

import ctypes
import os
import sys
from pathlib import Path

from perennial_tabular import watch
from perennial_tabular.__main__ import main
from perennial_tabular.machines import SharedCheckpoints

STUCK = "stuck"


def stick(root: Path) -> None:
    """Says so, and waits for a signal in the C library."""
    (root / STUCK).touch()
    ctypes.CDLL(None).pause()


if __name__ == "__main__":
    folder = Path(os.environ["PERENNIAL_ML_ROOT"])
    SharedCheckpoints.save = lambda *_: stick(folder)  # type: ignore[method-assign]
    watch.GRACE_SECONDS = 0.2
    sys.exit(main(["train"], folder))
