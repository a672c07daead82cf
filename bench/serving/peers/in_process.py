"""
What the Python pipeline costs without a server, in one thread: one raw record, 10,000 of them, and XGBoost's
`inplace_predict` alone on a row of features that are ready. Prints JSON, in microseconds: medians of one
record's time, and the processor time of a batch, which a busy machine doesn't change.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable

import xgboost
from pipeline import frame_of, pipeline_of
from records import sample
from workload import Trained

BATCH = 10_000


def micros(work: Callable[[int], object], repetitions: int) -> float:
    """Median time of `work`, after a tenth as many calls that don't count."""
    times = []
    for turn in range(repetitions + repetitions // 10):
        began = time.perf_counter()
        work(turn)
        times.append((time.perf_counter() - began) * 1e6)
    return statistics.median(times[repetitions // 10 :])


def processor_micros(work: Callable[[], object], repetitions: int) -> float:
    """Mean processor time of `work`, after one call that doesn't count."""
    work()
    began = time.process_time()
    for _ in range(repetitions):
        work()
    return (time.process_time() - began) / repetitions * 1e6


def main() -> None:
    """Measures."""
    trained = Trained.named_by_environment()
    records = sample()
    pipeline = pipeline_of(trained, records)
    batch = [records[place % len(records)] for place in range(BATCH)]
    ready = pipeline[:-1].transform(frame_of(records[:1], trained.inputs))
    result = {
        "onePipeline": micros(
            lambda turn: pipeline.predict_proba(frame_of([records[turn % len(records)]], trained.inputs)), 300
        ),
        "oneInplacePredict": micros(lambda _: trained.booster.inplace_predict(ready), 5_000),
        "batchPipeline": processor_micros(
            lambda: pipeline.predict_proba(frame_of(batch, trained.inputs)), 10
        ),
        "python": sys.version.split()[0],
        "xgboost": xgboost.__version__,
    }
    sys.stdout.write(f"{json.dumps(result)}\n")


if __name__ == "__main__":
    main()
