"""Spark for tests: the Java that it needs, its image's entry point, and one session for many workloads."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

SOURCES = Path(__file__).parents[3] / "training-images/spark/src"
JAVA = 17
EXPECTED = f"expected Java {JAVA}, on which Spark 3.5 runs: install it, or set JAVA_HOME (CONTRIBUTING.md)"
# A Java of a minute: its second compiler and its parallel collector cost a third of the tests' time.
SHORT_LIVED = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
# Starting Java takes longer than a workload does: one session computes those of each folder it is told.
SESSION = """
import sys
from pathlib import Path
from perennial_spark.__main__ import compute
from perennial_spark.engine import session
spark = session("local[2]")
for line in sys.stdin:
    root = Path(line.rstrip("\\n"))
    compute(spark, root / "processing/input", root / "processing/output/features")
    spark.catalog.clearCache()
    print("computed", flush=True)
"""


def java_fault(environment: Mapping[str, str]) -> str | None:
    """What is wrong with the Java that `environment` leads to; None where it is the one that Spark needs."""
    home = environment.get("JAVA_HOME")
    command = shutil.which(f"{home}/bin/java" if home else "java", path=environment.get("PATH"))
    if command is None:
        return f"there is no Java {f'in JAVA_HOME, {home}' if home else 'here'}; {EXPECTED}"
    told = subprocess.run(  # noqa: S603 - found by its name
        [command, "-version"], capture_output=True, text=True, check=False
    ).stderr
    if f'version "{JAVA}' in told:
        return None
    return f"given {told.splitlines()[0] if told else 'no version'}; {EXPECTED}"


def environment_of(folder: Path) -> dict[str, str]:
    """What a Spark process is told on this machine: two threads, and no folder but this one."""
    return os.environ | {
        "PYTHONPATH": str(SOURCES),
        "PERENNIAL_SPARK_MASTER": "local[2]",
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_LOCAL_DIRS": str(folder / "spark"),
        "PYSPARK_SUBMIT_ARGS": "--conf spark.ui.enabled=false --conf spark.sql.shuffle.partitions=2 "
        f"--conf spark.sql.warehouse.dir={folder / 'warehouse'} "
        f"--driver-java-options '{SHORT_LIVED}' pyspark-shell",
    }


def run_image(root: Path) -> subprocess.CompletedProcess[str]:
    """The entry point of the Spark image as a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "perennial_spark"],
        env=environment_of(root) | {"PERENNIAL_ML_ROOT": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )


class SparkSession:
    """One Spark in a process of its own."""

    def __init__(self, told: IO[str], answers: IO[str], log: Path) -> None:
        self._told = told
        self._answers = answers
        self._log = log

    def compute(self, root: Path) -> Path:
        """Computes the features of the workload that is laid out below `root`; answers with their folder."""
        self._told.write(f"{root}\n")
        self._told.flush()
        answer = self._answers.readline()
        assert answer == "computed\n", self._log.read_text("utf-8")  # noqa: S101 - a test's own help
        return root / "processing/output/features"


@contextmanager
def spark_session(folder: Path) -> Iterator[SparkSession]:
    """A session that keeps its files in `folder` and ends with the block."""
    log = folder / "log"
    with (
        log.open("wb") as sink,
        subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-c", SESSION],
            env=environment_of(folder),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=sink,
            text=True,
        ) as process,
    ):
        assert process.stdin is not None  # noqa: S101 - both were asked for
        assert process.stdout is not None  # noqa: S101
        # Java and this process end when their input does.
        yield SparkSession(process.stdin, process.stdout, log)
