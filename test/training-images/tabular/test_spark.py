"""
Both engines on the same rows: what Spark computes of every workload is what DuckDB does, value for value.

It needs Java 17, which no Python package brings; without it the test fails and says so.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from perennial_tabular.layout import ProcessingLayout
from perennial_tabular.preparing import prepare
from small_lookup import lookup_folder
from small_workload import files_of
from workload_folders import REPOSITORY, workload, workloads

SMALL = "small"
NAMES = [SMALL, *(one.name for one in workloads())]
SOURCES = REPOSITORY / "training-images/spark/src"
JAVA = 17


@pytest.fixture(scope="session")
def java() -> str:
    """The version of Java that Spark runs on."""
    home = os.environ.get("JAVA_HOME")
    command = f"{home}/bin/java" if home else shutil.which("java")
    expected = (
        f"expected Java {JAVA}, on which Spark 3.5 runs: install it, or set JAVA_HOME (CONTRIBUTING.md)"
    )
    if command is None:
        pytest.fail(f"there is no Java here; {expected}")
    told = subprocess.run([command, "-version"], capture_output=True, text=True, check=False).stderr
    if f'version "{JAVA}' not in told:
        pytest.fail(f"given {told.splitlines()[0] if told else 'no version'}; {expected}")
    return told


def run_spark(root: Path) -> subprocess.CompletedProcess[str]:
    """The entry point of the Spark image as a process of its own, on two threads."""
    return subprocess.run(
        [sys.executable, "-m", "perennial_spark"],
        env=os.environ
        | {
            "PYTHONPATH": str(SOURCES),
            "PERENNIAL_ML_ROOT": str(root),
            "PERENNIAL_SPARK_MASTER": "local[2]",
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_LOCAL_DIRS": str(root / "spark"),
            "PYSPARK_SUBMIT_ARGS": "--conf spark.ui.enabled=false --conf spark.sql.shuffle.partitions=2 "
            "--conf spark.sql.warehouse.dir=" + str(root / "warehouse") + " pyspark-shell",
        },
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.usefixtures("java")
@pytest.mark.parametrize("name", NAMES)
def test_spark_and_duckdb_make_the_same_rows_and_states(tmp_path: Path, name: str) -> None:
    layout = ProcessingLayout(tmp_path)
    root = lookup_folder(tmp_path) if name == SMALL else workload(name).processing_folder(tmp_path)
    prepare(layout)
    alone = files_of(root / "processing/output")

    finished = run_spark(root)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    (root / "processing/output/features").rename(layout.features)
    # The prepare job takes Spark's rows in place of computing its own: every output is the same to the byte.
    prepare(layout)
    assert (root / "output/message").read_text("utf-8").startswith("accepted ")
    assert files_of(root / "processing/output") == alone
