"""Checkpoints of a training: one file after each step that is worth not doing again."""

import hashlib
import json
import logging
from pathlib import Path
from typing import Any

from perennial_tabular.publishing import write_atomically

log = logging.getLogger(__name__)

# The last, and the one before it in case the last is damaged.
KEPT = 2


class Checkpoints:
    """
    The checkpoints of one series (`rounds`, `trials`) in `folder`, of the training that `identity` names (a
    hash over its data, spec, code and settings). Their content is any JSON.

    SageMaker copies the folder to S3 while the job runs and back when it starts again after a spot
    interruption.
    """

    def __init__(self, folder: Path, identity: str, series: str = "rounds") -> None:
        self.folder = folder
        self.identity = identity
        self.series = series

    def of(self, series: str) -> "Checkpoints":
        """Those of another series of the same training."""
        return Checkpoints(self.folder, self.identity, series)

    def save(self, step: int, content: Any) -> None:  # noqa: ANN401 - any JSON
        """Writes the checkpoint of `step` and removes older ones."""
        self.folder.mkdir(parents=True, exist_ok=True)
        body = json.dumps({"identity": self.identity, "content": content})
        write_atomically(self._path(step), f"{_digest(body)}\n{body}\n".encode())
        for path in self._files()[KEPT:]:
            path.unlink()

    def latest(self) -> Any:  # noqa: ANN401 - any JSON
        """
        The content of the furthest checkpoint that is whole and of this training; None where there is none.
        What isn't is left alone and said in the log.
        """
        for path in self._files():
            content = self._read(path)
            if content is not None:
                return content
        return None

    def _read(self, path: Path) -> Any:  # noqa: ANN401 - any JSON
        digest, _, rest = path.read_bytes().decode("utf-8", "replace").partition("\n")
        body = rest.removesuffix("\n")
        if digest != _digest(body):
            log.warning("Checkpoint %s is damaged and not used.", path.name)
            return None
        document = json.loads(body)
        if document["identity"] != self.identity:
            log.warning(
                "Checkpoint %s is of other data, spec, code or hyperparameters and not used.", path.name
            )
            return None
        return document["content"]

    def _path(self, step: int) -> Path:
        return self.folder / f"{self.series}-{step:05d}.checkpoint"

    def _files(self) -> list[Path]:
        return sorted(self.folder.glob(f"{self.series}-*.checkpoint"), reverse=True)


def _digest(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()
