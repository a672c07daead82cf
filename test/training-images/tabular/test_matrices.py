"""Rows that are too many for memory: on the volume, in pieces, and still the same model."""

from pathlib import Path

import numpy as np
import pytest
import xgboost

from perennial_tabular import matrices
from perennial_tabular.layout import TrainingLayout
from perennial_tabular.tensors import Batch, CodedStrings
from perennial_tabular.training import train
from small_workload import files_of, training_folder


def test_a_matrix_that_is_too_large_for_memory_gives_the_same_artifact_from_the_volume(
    tmp_path: Path, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = training_folder(tmp_path, small)
    paged: list[list[Path]] = []

    class Watched(xgboost.ExtMemQuantileDMatrix):
        def __init__(self, rows: xgboost.DataIter, **settings: int) -> None:
            super().__init__(rows, **settings)
            paged.append(list((root / "spill").glob("pages*")))

    monkeypatch.setattr(matrices, "MOST_BYTES", 0)
    monkeypatch.setattr(matrices, "PIECE_ROWS", 100)
    monkeypatch.setattr(xgboost, "ExtMemQuantileDMatrix", Watched)
    train(TrainingLayout(root))
    assert [bool(pages) for pages in paged] == [True]
    assert files_of(root / "model") == files_of(small / "model")
    assert not (root / "spill").exists()


@pytest.mark.parametrize(("rows", "expected"), [(0, [(0, 0)]), (2, [(0, 2)]), (5, [(0, 2), (2, 4), (4, 5)])])
def test_pieces_cover_every_row_once(
    monkeypatch: pytest.MonkeyPatch, rows: int, expected: list[tuple[int, int]]
) -> None:
    monkeypatch.setattr(matrices, "PIECE_ROWS", 2)
    assert [(piece.start, piece.stop) for piece in matrices.pieces(rows)] == expected


def test_what_was_written_to_a_matrix_on_the_volume_outlives_its_release(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matrices, "MOST_BYTES", 7)
    matrix = matrices.empty_matrix(1, 2, tmp_path / "spill/train.float32")
    matrix[0] = [1.5, np.nan]
    matrices.release(matrix)
    np.testing.assert_array_equal(matrix, np.array([[1.5, np.nan]], np.float32))
    assert matrices.folder_of(matrix) == tmp_path / "spill"
    assert matrices.folder_of(matrices.empty_matrix(1, 1, tmp_path / "other")) is None
    assert [path.name for path in tmp_path.rglob("*")] == ["spill", "train.float32"]


def test_coded_texts_are_the_texts_they_stand_for() -> None:
    texts = np.array([["b", ""], ["a", "x"], ["b", "x"]], object)
    numbers = np.empty((3, 0), np.float32)
    levels = (np.array(["a", "b", "c"], object), np.array(["", "x"], object))
    places = (np.array([1, 0, 1], np.uint8), np.array([0, 1, 1], np.uint8))
    coded, plain = Batch(CodedStrings(levels, places, 3), numbers), Batch(texts, numbers)
    assert len(coded) == 3
    np.testing.assert_array_equal(coded.slice(1, 9).feeds()["strings"], texts[1:])
    assert coded.slice(3, 9).feeds()["strings"].shape == (0, 2)
    assert [coded.texts_counted(place) for place in (0, 1)] == [{"a": 1, "b": 2}, {"": 1, "x": 2}]
    assert [plain.texts_counted(place) for place in (0, 1)] == [{"a": 1, "b": 2}, {"": 1, "x": 2}]
