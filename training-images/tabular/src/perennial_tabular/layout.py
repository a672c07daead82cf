"""Where SageMaker puts a job's inputs and collects its outputs, below `/opt/ml`."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ProcessingLayout:
    """Folders of a processing job (the prepare job)."""

    root: Path

    @property
    def raw(self) -> Path:
        return self.root / "processing/input/raw"

    @property
    def spec(self) -> Path:
        return self.root / "processing/input/spec"

    @property
    def prepared(self) -> Path:
        return self.root / "processing/output/prepared"

    @property
    def holdout(self) -> Path:
        return self.root / "processing/output/holdout"

    @property
    def audit(self) -> Path:
        return self.root / "processing/output/audit"

    @property
    def message(self) -> Path:
        """What SageMaker copies into the job's ExitMessage."""
        return self.root / "output/message"


@dataclass(frozen=True)
class TrainingLayout:
    """Folders and files of a training job."""

    root: Path

    @property
    def prepared(self) -> Path:
        return self.root / "input/data/prepared"

    @property
    def spec(self) -> Path:
        return self.root / "input/data/spec"

    @property
    def hyperparameters(self) -> Path:
        return self.root / "input/config/hyperparameters.json"

    @property
    def checkpoints(self) -> Path:
        return self.root / "checkpoints"

    @property
    def model(self) -> Path:
        return self.root / "model"

    @property
    def message(self) -> Path:
        """What SageMaker copies into the job's FailureReason."""
        return self.root / "output/failure"
