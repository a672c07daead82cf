"""
Both engines on the same rows: what Spark computes of every workload is what DuckDB does, value for value.

It needs Java 17, which no Python package brings; without it these tests fail and say so.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from perennial_tabular.features import derive, take_derived
from perennial_tabular.layout import ProcessingLayout
from perennial_tabular.parts import deal_parts
from perennial_tabular.preparing import prepare
from perennial_tabular.source_files import load_files, make_source, source_files
from perennial_tabular.spec import Spec
from perennial_tabular.sql import connect, identifier, numbers_of
from small_lookup import lookup_folder
from small_workload import files_of
from spark import EXPECTED, SparkSession, java_fault, run_image, spark_session
from workload_folders import Workload, workloads


@pytest.fixture(scope="module")
def java() -> None:
    """The Java that Spark runs on."""
    fault = java_fault(os.environ)
    if fault:
        pytest.fail(fault)


@pytest.fixture(scope="module")
def spark(java: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:  # noqa: ARG001
    with spark_session(tmp_path_factory.mktemp("spark")) as session:
        yield session


def differences(connection: duckdb.DuckDBPyConnection, one: str, other: str) -> tuple[int, int, int]:
    """Rows of either table, those that only the one has, and those that only the other has."""
    one, other = identifier(one), identifier(other)
    (rows,) = numbers_of(connection, f"SELECT count(*) FROM {one}")
    (left,) = numbers_of(connection, f"SELECT count(*) FROM (FROM {one} EXCEPT ALL FROM {other})")
    (right,) = numbers_of(connection, f"SELECT count(*) FROM (FROM {other} EXCEPT ALL FROM {one})")
    return rows, left, right


@pytest.mark.parametrize("workload", workloads(), ids=lambda workload: workload.name)
def test_spark_and_duckdb_make_the_same_rows_and_states(
    tmp_path: Path, workload: Workload, spark: SparkSession
) -> None:
    layout = ProcessingLayout(workload.processing_folder(tmp_path))
    spec = Spec.read(layout.spec)
    tables = ["parts", *(entity.name for entity in spec.entities)]
    with connect(layout.spill) as connection:
        assert load_files(connection, source_files(layout.raw), spec) == []
        assert make_source(connection, spec) == []
        (rows,) = numbers_of(connection, "SELECT count(*) FROM source")
        assert derive(connection, spec) == []
        deal_parts(connection, spec)
        for table in tables:
            connection.execute(f"CREATE TABLE {identifier(f'{table} of DuckDB')} AS FROM {identifier(table)}")
        take_derived(connection, spec, spark.compute(tmp_path))
        assert numbers_of(connection, "SELECT count(*) FROM enriched") == (rows,)
        deal_parts(connection, spec)
        for table in tables:
            found, *different = differences(connection, table, f"{table} of DuckDB")
            assert found > 0
            assert different == [0, 0], table


@pytest.mark.usefixtures("java")
def test_a_job_on_sparks_rows_writes_the_same_bytes(tmp_path: Path) -> None:
    layout = ProcessingLayout(lookup_folder(tmp_path))
    prepare(layout)
    alone = files_of(tmp_path / "processing/output")
    finished = run_image(tmp_path)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    (tmp_path / "processing/output/features").rename(layout.features)
    # The prepare job takes Spark's rows in place of computing its own.
    prepare(layout)
    assert layout.message.read_text("utf-8").startswith("accepted ")
    assert files_of(tmp_path / "processing/output") == alone


def test_a_java_that_is_missing_or_another_one_is_named(tmp_path: Path) -> None:
    assert java_fault({"PATH": str(tmp_path)}) == f"there is no Java here; {EXPECTED}"
    assert java_fault({"JAVA_HOME": str(tmp_path), "PATH": os.environ["PATH"]}) == (
        f"there is no Java in JAVA_HOME, {tmp_path}; {EXPECTED}"
    )
    (tmp_path / "java").write_text("#!/bin/sh\necho 'openjdk version \"21.0.2\"' >&2\n")
    (tmp_path / "java").chmod(0o755)
    assert java_fault({"PATH": f"{tmp_path}:/bin"}) == f'given openjdk version "21.0.2"; {EXPECTED}'
