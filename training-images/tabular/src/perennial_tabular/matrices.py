"""
Feature matrices that may be larger than memory: past a size they lie on the job's volume.

A matrix on the volume is a NumPy array like any other. Its pages count as the job's memory from when they are
touched until `release`, so whoever goes through it piece by piece holds one piece.
"""

import mmap
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float32]

# What a matrix may take of the memory: an eighth of the smallest instance.
MOST_BYTES = 1 << 30
# Rows that are handled at once where all of them are too many.
PIECE_ROWS = 1 << 17


def empty_matrix(rows: int, columns: int, path: Path) -> Matrix:
    """A matrix to be filled: in memory or, where it would take more than `MOST_BYTES`, in the file `path`."""
    if rows * columns * np.dtype(np.float32).itemsize <= MOST_BYTES:
        return np.empty((rows, columns), np.float32)
    path.parent.mkdir(parents=True, exist_ok=True)
    return np.memmap(path, np.float32, "w+", shape=(rows, columns))


def folder_of(matrix: Matrix) -> Path | None:
    """The folder that holds the matrix; None where it is in memory."""
    filename = getattr(matrix, "filename", None)
    return None if filename is None else Path(filename).parent


def pieces(rows: int) -> Iterator[slice]:
    """Places of `rows` rows, `PIECE_ROWS` at once; one piece without rows where there is none."""
    for start in range(0, max(rows, 1), PIECE_ROWS):
        yield slice(start, min(start + PIECE_ROWS, rows))


def release(matrix: Matrix) -> None:
    """Lets the system take back the memory of a matrix on the volume: what was written stays in the file."""
    pages = getattr(matrix, "_mmap", None)
    # Where there is no such advice, the system takes pages back when it needs them.
    if pages is not None and hasattr(mmap, "MADV_DONTNEED"):
        pages.madvise(mmap.MADV_DONTNEED)
