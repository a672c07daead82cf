"""The trained model as its Python peers see it: the spec, the trees, how scores become probabilities."""

import base64
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xgboost


@dataclass(frozen=True)
class Trained:
    """What a training left in its folder."""

    spec: dict[str, Any]
    inputs: dict[str, bool]
    """Columns of a raw record that the model reads, each with whether it holds text."""
    booster: xgboost.Booster
    features: list[str]
    """Columns that the trees read, in their order."""
    slope: float
    intercept: float
    """The calibrator, the trees' base in it: probability = sigmoid(slope * margin + intercept)."""
    graph: Path

    @classmethod
    def of(cls, root: Path) -> "Trained":
        """The training in `root`, which is laid out as a job's `/opt/ml`."""
        spec = json.loads((root / "input/data/spec/spec.json").read_text())
        structure = json.loads((root / "model/structure.json").read_text())
        manifest = json.loads((root / "model/manifest.json").read_text())
        newest = max((root / "checkpoints").glob("rounds-*.checkpoint"))
        content = json.loads(newest.read_text().partition("\n")[2])["content"]
        booster = xgboost.Booster({"nthread": 1})
        booster.load_model(bytearray(base64.b64decode(content["booster"])))
        # Training went on after its best round; the artifact holds the trees up to it.
        booster = booster[: len(structure["trees"])]
        booster.set_param({"nthread": 1})
        [slope], [intercept] = structure["answer"]["slope"], structure["answer"]["intercept"]
        return cls(
            spec,
            {column["name"]: column["type"] in ("category", "code") for column in manifest["inputs"]},
            booster,
            structure["features"],
            slope,
            intercept + slope * structure["base"][0],
            root / "model/model.onnx",
        )

    @classmethod
    def named_by_environment(cls) -> "Trained":
        """The training in the folder `BENCH_TRAINED`."""
        return cls.of(Path(os.environ["BENCH_TRAINED"]))
