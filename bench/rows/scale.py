"""
Preparing and training the hospital workload on many times its rows: time and memory of each stage.

`make bench-scale`. The rows are copies with patients and encounters of their own (generate.py), given to the
same two entry points that SageMaker starts. Growth is the exponent b of time = a · rows^b from one size to
the next: 1 is linear.
"""

import argparse
import json
import math
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from measured import Run, run

HERE = Path(__file__).parent
REPOSITORY = HERE.parent.parent
WORKLOAD = REPOSITORY / "workloads/hospital-readmission"
PYTHON = REPOSITORY / ".venv/bin/python"
NODE = REPOSITORY / "node_modules/.bin/node"
ROWS = 101_766


def write_spec(folder: Path) -> None:
    """The spec folder, as the program puts it into a bucket."""
    folder.mkdir(parents=True)
    program = f'console.log(JSON.stringify((await import("{WORKLOAD / "workload.ts"}")).default))'
    text = subprocess.run(  # noqa: S603 - our own program
        [str(NODE), "--input-type=module", "-e", program], check=True, capture_output=True, text=True
    ).stdout
    (folder / "spec.json").write_text(text, "utf-8")
    shutil.copy(WORKLOAD / "features.sql", folder)


def stages(times: int, root: Path) -> dict[str, Run]:
    """Prepares and trains on `times` copies of the rows, below `root`."""
    processing, training = root / "prepare", root / "train"
    raw = processing / "processing/input/raw"
    raw.mkdir(parents=True)
    write_spec(processing / "processing/input/spec")
    run(HERE / "generate.py", WORKLOAD / "data/diabetic_data.csv.gz", times, raw / "rows.csv", python=PYTHON)

    job = ("-m", "perennial_tabular")
    prepared = run(*job, "prepare", python=PYTHON, environment={"PERENNIAL_ML_ROOT": str(processing)})
    raw.joinpath("rows.csv").unlink()

    channels = training / "input/data"
    channels.mkdir(parents=True)
    (training / "input/config").mkdir()
    (training / "input/config/hyperparameters.json").write_text("{}")
    (processing / "processing/input/spec").rename(channels / "spec")
    (processing / "processing/output/prepared").rename(channels / "prepared")
    trained = run(*job, "train", python=PYTHON, environment={"PERENNIAL_ML_ROOT": str(training)})
    return {"prepare": prepared, "train": trained}


def growth(small: tuple[int, float], large: tuple[int, float]) -> float:
    """The exponent between two sizes: (times, what it took)."""
    return math.log(large[1] / small[1]) / math.log(large[0] / small[0])


def main() -> None:
    """Measures, prints a table and, as the last line, JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--times", type=int, nargs="+", default=[1, 10, 100], help="copies of the rows")
    sizes = sorted(parser.parse_args().times)
    measured: dict[int, dict[str, Run]] = {}
    for times in sizes:
        sys.stderr.write(f"{times} times the rows …\n")
        with tempfile.TemporaryDirectory(prefix="perennial-scale-") as folder:
            measured[times] = stages(times, Path(folder))
    table = [
        {
            "rows": times * ROWS,
            "stage": stage,
            "seconds": round(one.seconds, 1),
            "peakMiB": round(one.peak_mib),
            "growth": None
            if index == 0
            else round(
                growth((sizes[index - 1], measured[sizes[index - 1]][stage].seconds), (times, one.seconds)), 2
            ),
        }
        for index, times in enumerate(sizes)
        for stage, one in measured[times].items()
    ]
    lines = [" | ".join(table[0]), *(" | ".join(str(value) for value in line.values()) for line in table)]
    sys.stdout.write("\n".join([*lines, json.dumps(table), ""]))


if __name__ == "__main__":
    main()
