"""The two jobs of a workload, started by the entry points that SageMaker starts, each a process."""

import json
import shutil
import subprocess
from pathlib import Path

from measured import Run, run

REPOSITORY = Path(__file__).parent.parent.parent
PYTHON = REPOSITORY / ".venv/bin/python"
NODE = REPOSITORY / "node_modules/.bin/node"
JOB = ("-m", "perennial_tabular")


def workload_folder(name: str) -> Path:
    """Where the workload's spec, queries and data lie."""
    return REPOSITORY / "workloads" / name


def lay_out(workload: Path, root: Path) -> Path:
    """Makes the inputs of a processing job below `root`, but for the data, and answers with their folder."""
    inputs = root / "processing/input"
    spec = inputs / "spec"
    (spec / "entities").mkdir(parents=True)
    (inputs / "raw").mkdir()
    program = f'console.log(JSON.stringify((await import("{workload / "workload.ts"}")).default))'
    text = subprocess.run(  # noqa: S603 - our own program
        [str(NODE), "--input-type=module", "-e", program], check=True, capture_output=True, text=True
    ).stdout
    (spec / "spec.json").write_text(text, "utf-8")
    source = json.loads(text)["source"]
    shutil.copy(workload / source.get("features", "features.sql"), spec / "features.sql")
    if "rows" in source:
        shutil.copy(workload / source["rows"]["sql"], spec / "rows.sql")
    for query in (workload / "entities").glob("*.sql"):
        shutil.copy(query, spec / "entities")
    return inputs


def prepare(root: Path) -> Run:
    """Runs the processing job below `root`, for a day on which no data is old."""
    environment = {"PERENNIAL_ML_ROOT": str(root), "PERENNIAL_AS_OF": "2026-03-01T12:00:00Z"}
    prepared = run(*JOB, "prepare", python=PYTHON, environment=environment)
    message = (root / "output/message").read_text("utf-8")
    if not message.startswith("accepted "):
        raise SystemExit(f"the data was not accepted: {message}")
    return prepared


def train(prepared: Path, root: Path, hyperparameters: dict[str, str]) -> Run:
    """Runs the training job below `root` on what the processing job below `prepared` left."""
    channels = root / "input/data"
    channels.mkdir(parents=True)
    (root / "input/config").mkdir()
    (root / "input/config/hyperparameters.json").write_text(json.dumps(hyperparameters), "utf-8")
    (channels / "spec").symlink_to(prepared / "processing/input/spec")
    (channels / "prepared").symlink_to(prepared / "processing/output/prepared")
    return run(*JOB, "train", python=PYTHON, environment={"PERENNIAL_ML_ROOT": str(root)})
