"""Files that appear whole or not at all."""

import os
import signal
from pathlib import Path
from types import FrameType

import pytest

from perennial_tabular.publishing import published, write_atomically
from small_workload import files_of


class Broken(Exception):
    """Stands for whatever goes wrong while files are written."""


def test_what_was_written_before_a_failure_disappears_with_what_an_earlier_job_left(tmp_path: Path) -> None:
    (tmp_path / "old").write_text("old")
    (tmp_path / ".staging").mkdir()
    (tmp_path / ".staging/half").write_text("of a killed job")

    def write_half() -> None:
        with published(tmp_path, "seal") as staging:
            (staging / "data").write_text("new")
            raise Broken

    with pytest.raises(Broken):
        write_half()
    assert list(tmp_path.iterdir()) == []


def test_the_seal_appears_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moved: list[str] = []
    replace = Path.replace

    def watched(path: Path, target: Path) -> Path:
        moved.append(path.name)
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", watched)
    with published(tmp_path, "a-seal") as staging:
        for name in ("z", "a-seal", "a", "b"):
            (staging / name).write_text(name)
    assert moved == ["a", "b", "z", "a-seal"]
    assert files_of(tmp_path) == {name: name.encode() for name in ("a", "a-seal", "b", "z")}


def test_a_signal_during_the_moves_waits_until_all_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[str]] = []

    def stop(_signal: int, _frame: FrameType | None) -> None:
        seen.append(sorted(files_of(tmp_path)))

    replace = Path.replace

    def interrupted(path: Path, target: Path) -> Path:
        os.kill(os.getpid(), signal.SIGTERM)
        return replace(path, target)

    before = signal.signal(signal.SIGTERM, stop)
    try:
        monkeypatch.setattr(Path, "replace", interrupted)
        with published(tmp_path, "seal") as staging:
            for name in ("data", "seal"):
                (staging / name).write_text(name)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert seen == [["data", "seal"]]


def test_a_file_keeps_its_old_content_until_the_new_one_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "checkpoint"
    write_atomically(path, b"old")

    def full(_descriptor: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="disk full"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
