"""A container to run jobs in: does what the hyperparameter or the input `do` says."""

import json
import logging
import os
import signal
import sys
import time
from pathlib import Path

logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(message)s")
log = logging.getLogger()
root = Path(os.environ["PERENNIAL_ML_ROOT"])


def train() -> int:
    settings = json.loads((root / "input/config/hyperparameters.json").read_text())
    action = settings.get("do", "train")
    log.info("metric name=validation_auc value=0.61 round=1")
    log.info("metric name=validation_auc value=0.67 round=2")
    if action == "fail":
        (root / "output/failure").write_text("max_depth is 99, expected 1 to 12")
        return 1
    if action == "wait":
        stopped = []
        signal.signal(signal.SIGTERM, lambda *_: stopped.append(True))
        (root / "checkpoints/round-2").write_text("state")
        while not stopped:
            time.sleep(0.02)
        return 143
    if action == "hang":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        log.info("deaf")
        time.sleep(60)
    data = {path.name: path.read_text() for path in sorted((root / "input/data/train").iterdir())}
    seen = {
        "data": data,
        "resumed": sorted(path.name for path in (root / "checkpoints").iterdir()),
        "credentials": "AWS_ACCESS_KEY_ID" in os.environ,
    }
    (root / "model/model.json").write_text(json.dumps(seen))
    (root / "model/card.md").write_text("# card")
    return 0


def prepare() -> int:
    rows = (root / "processing/input/raw/rows.csv").read_text()
    if rows == "bad":
        (root / "output/message").write_text("rows.csv has no header")
        return 1
    (root / "processing/output/prepared/rows.txt").write_text(rows.upper())
    return 0


sys.exit({"train": train, "prepare": prepare}[sys.argv[1]]())
