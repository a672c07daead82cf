"""
Preparing and training the hospital workload on many times its rows: time and memory of each stage.

`make bench-scale`. The rows are copies with patients and encounters of their own (generate.py), given to the
same two entry points that SageMaker starts. Growth is the exponent b of time = a · rows^b from one size to
the next: 1 is linear. Every size is trained for the same number of rounds, because time follows their number
and memory does not.
"""

import argparse
import json
import math
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from measured import Run, run

from jobs import PYTHON, lay_out, prepare, train, workload_folder

HERE = Path(__file__).parent
WORKLOAD = workload_folder("hospital-readmission")
ROWS = 101_766
# What the platform promises of ten million rows, GiB.
MEMORY_TARGET = 8


@dataclass(frozen=True)
class Measured:
    """One stage at one size, and the machine's load when it began."""

    times: int
    stage: str
    run: Run
    load: float


def stages(times: int, rounds: int, root: Path) -> list[Measured]:
    """Prepares and trains on `times` copies of the rows, below `root`."""
    inputs = lay_out(WORKLOAD, root / "prepare")
    rows = inputs / "raw/rows.csv"
    run(HERE / "generate.py", WORKLOAD / "data/diabetic_data.csv.gz", times, rows, python=PYTHON)
    load = os.getloadavg()[0]
    prepared = Measured(times, "prepare", prepare(root / "prepare"), load)
    rows.unlink()
    load = os.getloadavg()[0]
    trained = train(root / "prepare", root / "train", {"num_round": str(rounds)})
    return [prepared, Measured(times, "train", trained, load)]


def growth(small: tuple[int, float], large: tuple[int, float]) -> float:
    """The exponent between two sizes: (times, what it took)."""
    return math.log(large[1] / small[1]) / math.log(large[0] / small[0])


def main() -> None:
    """Measures, prints a table and, as the last line, JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--times", type=int, nargs="+", default=[1, 10, 100], help="copies of the rows")
    parser.add_argument("--rounds", type=int, default=100, help="rounds of boosting, at every size")
    parser.add_argument("--minutes", type=float, default=90, help="no size is begun that would go beyond")
    options = parser.parse_args()
    began = time.monotonic()
    measured: list[Measured] = []
    stopped = None
    for times in sorted(options.times):
        left = options.minutes * 60 - (time.monotonic() - began)
        if measured:
            last = [one for one in measured if one.times == measured[-1].times]
            # In proportion, and a fifth more: what is sorted grows faster than its rows.
            expected = 1.2 * sum(one.run.seconds for one in last) * times / last[0].times
            if expected > left:
                stopped = (
                    f"{times} times the rows would take about {expected / 60:.0f} minutes; "
                    f"{left / 60:.0f} of {options.minutes:g} are left. Give more with --minutes."
                )
                break
        sys.stderr.write(f"{times} times the rows …\n")
        with tempfile.TemporaryDirectory(prefix="perennial-scale-") as folder:
            measured += stages(times, options.rounds, Path(folder))
    table = [_line(one, measured) for one in measured]
    lines = [" | ".join(table[0]), *(" | ".join(str(value) for value in line.values()) for line in table)]
    largest = max(one.run.peak_mib for one in measured) / 1024
    verdict = f"largest peak {largest:.1f} GiB, target at most {MEMORY_TARGET}"
    result = {"rounds": options.rounds, "stopped": stopped, "stages": table}
    sys.stdout.write("\n".join([*lines, verdict, *([stopped] if stopped else []), json.dumps(result), ""]))


def _line(one: Measured, measured: list[Measured]) -> dict[str, object]:
    before = [other for other in measured if other.stage == one.stage and other.times < one.times]
    pairs = {
        "timeGrowth": lambda of: of.run.seconds,
        "memoryGrowth": lambda of: of.run.peak_mib,
    }
    return {
        "rows": one.times * ROWS,
        "stage": one.stage,
        "seconds": round(one.run.seconds, 1),
        "processorSeconds": round(one.run.processor_seconds, 1),
        "peakMiB": round(one.run.peak_mib),
        **{
            name: round(growth((before[-1].times, of(before[-1])), (one.times, of(one))), 2)
            if before
            else None
            for name, of in pairs.items()
        },
        "load": round(one.load, 1),
    }


if __name__ == "__main__":
    main()
