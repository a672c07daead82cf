"""Checkpoints of a training: one file after each chunk of rounds."""

import base64
import hashlib
import json
import logging
from dataclasses import asdict, dataclass
from pathlib import Path

from perennial_tabular.publishing import write_atomically

log = logging.getLogger(__name__)

# The last, and the one before it in case the last is damaged.
KEPT = 2


@dataclass(frozen=True)
class Progress:
    """A training after some rounds: the booster's bytes and the validation's metrics, round by round."""

    booster: bytes
    log_loss: tuple[float, ...]
    auc: tuple[float, ...]

    @property
    def rounds(self) -> int:
        return len(self.log_loss)


class Checkpoints:
    """
    The checkpoints in `folder` of the training that `identity` names (a hash over its data, spec, code and
    settings).

    SageMaker copies the folder to S3 while the job runs and back when it starts again after a spot
    interruption.
    """

    def __init__(self, folder: Path, identity: str) -> None:
        self._folder = folder
        self._identity = identity

    def save(self, progress: Progress) -> None:
        """Writes the checkpoint of `progress` and removes older ones."""
        self._folder.mkdir(parents=True, exist_ok=True)
        content = asdict(progress) | {"booster": base64.b64encode(progress.booster).decode()}
        body = json.dumps({"identity": self._identity, "progress": content})
        write_atomically(self._path(progress.rounds), f"{_digest(body)}\n{body}\n".encode())
        for path in self._files()[KEPT:]:
            path.unlink()

    def latest(self) -> Progress | None:
        """
        The furthest checkpoint that is whole and of this training; what isn't is left alone and
        said in the log.
        """
        for path in self._files():
            progress = self._read(path)
            if progress:
                return progress
        return None

    def _read(self, path: Path) -> Progress | None:
        digest, _, rest = path.read_bytes().decode("utf-8", "replace").partition("\n")
        body = rest.removesuffix("\n")
        if digest != _digest(body):
            log.warning("Checkpoint %s is damaged and not used.", path.name)
            return None
        content = json.loads(body)
        if content["identity"] != self._identity:
            log.warning(
                "Checkpoint %s is of other data, spec, code or hyperparameters and not used.", path.name
            )
            return None
        progress = content["progress"]
        return Progress(
            base64.b64decode(progress["booster"]), tuple(progress["log_loss"]), tuple(progress["auc"])
        )

    def _path(self, rounds: int) -> Path:
        return self._folder / f"rounds-{rounds:05d}.checkpoint"

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob("rounds-*.checkpoint"), reverse=True)


def _digest(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()
