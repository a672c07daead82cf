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
    def accepted(self) -> Path:
        """Holds `profile.json` once files were accepted."""
        return self.root / "processing/input/accepted"

    @property
    def features(self) -> Path:
        """Rows and entity states that Spark has computed; not there where this job is to compute them."""
        return self.root / "processing/input/features"

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
    def entities(self) -> Path:
        return self.root / "processing/output/entities"

    @property
    def gate(self) -> Path:
        return self.root / "processing/output/gate"

    @property
    def outputs(self) -> tuple[Path, ...]:
        return (self.prepared, self.holdout, self.audit, self.entities, self.gate)

    @property
    def spill(self) -> Path:
        """On the job's own volume: that of the container is small."""
        return self.root / "spill"

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
    def machines(self) -> Path:
        return self.root / "input/config/resourceconfig.json"

    @property
    def checkpoints(self) -> Path:
        return self.root / "checkpoints"

    @property
    def model(self) -> Path:
        return self.root / "model"

    @property
    def spill(self) -> Path:
        """What doesn't fit into memory, on the job's own volume."""
        return self.root / "spill"

    @property
    def run_record(self) -> Path:
        """What SageMaker packs into output.tar.gz."""
        return self.root / "output/data"

    @property
    def message(self) -> Path:
        """What SageMaker copies into the job's FailureReason."""
        return self.root / "output/failure"
