"""
A search of as many trials as its spec asks for, on the workload injury-duration: the training job as
SageMaker starts it.

`make bench-search`. The time is that of the whole job: reading, all trials, the model that is kept, its
export and its record.
"""

import json
import os
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

from jobs import lay_out, prepare, train, workload_folder

WORKLOAD = workload_folder("injury-duration")
# What the platform promises of 200 trials, in seconds.
TARGET_SECONDS = 180


def main() -> None:
    """Measures, prints what was tried and, as the last line, JSON."""
    with tempfile.TemporaryDirectory(prefix="perennial-search-") as temporary:
        root = Path(temporary)
        inputs = lay_out(WORKLOAD, root / "prepare")
        spec = json.loads((inputs / "spec/spec.json").read_text("utf-8"))
        shutil.copy(WORKLOAD / spec["source"]["path"], inputs / "raw")
        prepare(root / "prepare")
        load = os.getloadavg()[0]
        trained = train(root / "prepare", root / "train", {"search": "true"})
        lines = (root / "train/output/data/trials.jsonl").read_text("utf-8").splitlines()
        states = Counter(json.loads(line)["state"] for line in lines)
    result = {
        "workload": spec["name"],
        "trials": len(lines),
        **states,
        "seconds": round(trained.seconds, 1),
        "targetSeconds": TARGET_SECONDS,
        "processorSeconds": round(trained.processor_seconds, 1),
        "peakMiB": round(trained.peak_mib),
        "load": round(load, 1),
    }
    sys.stdout.write("\n".join([*(f"{name}: {value}" for name, value in result.items()), ""]))
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
