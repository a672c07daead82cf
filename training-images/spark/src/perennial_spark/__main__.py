"""Entry point of the container: `python -m perennial_spark`, below `/opt/ml` like every processing job."""

import logging
import os
import sys
from pathlib import Path

from pyspark.sql import SparkSession

from perennial_spark.engine import derive, session
from perennial_spark.queries import InvalidInput, Workload

log = logging.getLogger("perennial_spark")

FAILED = 1


def main(root: Path, master: str | None) -> int:
    """
    Reads `processing/input/{raw,spec}`, writes `processing/output/features/{rows,entities/<name>}`.

    The prepare job takes them from its input `features` in place of computing them.
    """
    try:
        run(root / "processing/input", root / "processing/output/features", master)
    except InvalidInput as error:
        # SageMaker copies this file into the job's ExitMessage, where its owner looks first.
        message = root / "output/message"
        message.parent.mkdir(parents=True, exist_ok=True)
        message.write_text(str(error), "utf-8")
        log.error("%s", error)
        return FAILED
    return 0


def run(inputs: Path, features: Path, master: str | None) -> None:
    """
    Computes the features of one workload in a session of its own.

    Raises:
        InvalidInput: the spec, its queries or the files are at fault.
    """
    spark = session(master)
    try:
        compute(spark, inputs, features)
    finally:
        spark.stop()


def compute(spark: SparkSession, inputs: Path, features: Path) -> None:
    """
    Computes the features of one workload.

    Raises:
        InvalidInput: the spec, its queries or the files are at fault.
    """
    workload = Workload.read(inputs / "spec")
    files = [path for path in (inputs / "raw").glob("*") if path.name.endswith((".csv", ".csv.gz"))]
    for name, frame in derive(spark, workload, files).items():
        folder = features / "rows" if name == "rows" else features / "entities" / name
        frame.write.mode("overwrite").parquet(str(folder))
    log.info("Computed the features of %s on Spark %s.", workload.name, spark.version)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(message)s")
    ml_root = Path(os.environ.get("PERENNIAL_ML_ROOT", "/opt/ml"))
    sys.exit(main(ml_root, os.environ.get("PERENNIAL_SPARK_MASTER")))
