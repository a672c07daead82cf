"""Files that appear whole or not at all, also when the job is killed half-way."""

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

STAGING = ".staging"


@contextmanager
def published(folder: Path, seal: str | None) -> Iterator[Path]:
    """
    A folder to write into; at the end its files move to `folder`, `seal` last.

    Readers take `folder` for complete once `seal` is there; without one nobody looks before the job has
    ended. What an earlier job left is removed first. The
    files are staged inside `folder` because a move is atomic on one file system only, and SageMaker mounts
    its folders one by one. When the body raises, nothing stays.
    """
    staging = folder / STAGING
    emptied(folder)
    staging.mkdir()
    try:
        yield staging
        names = sorted(path.name for path in staging.iterdir())
        # A stop in the middle of the moves would leave half of them: it waits the millisecond they take.
        with _signals_held():
            for name in sorted(names, key=lambda name: name == seal):
                (staging / name).replace(folder / name)
            staging.rmdir()
    except BaseException:
        emptied(folder)
        raise


def write_atomically(path: Path, content: bytes) -> None:
    """Writes `path` so that a reader sees the old file, the new one or none, never a part."""
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def emptied(folder: Path) -> None:
    """Makes `folder`, and removes what an earlier job left in it."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


@contextmanager
def _signals_held() -> Iterator[None]:
    # Blocking signals in this thread wouldn't do: the threads of DuckDB and XGBoost would still receive them,
    # and Python runs the handler here all the same.
    arrived: set[int] = set()

    def remember(number: int, _frame: FrameType | None) -> None:
        arrived.add(number)

    handlers = {number: signal.signal(number, remember) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for received in sorted(arrived):
            signal.raise_signal(received)
