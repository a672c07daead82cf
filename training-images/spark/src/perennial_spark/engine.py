"""Running the queries: files in, rows with their features and states of entities out."""

from collections import Counter
from pathlib import Path

from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as sql

from perennial_spark.queries import InvalidInput, Workload

FILE_ROW = "file_row"
# A row's place within its partition lies in the lower bits of Spark's row ids.
PLACE_BITS = 33


def session(master: str | None = None) -> SparkSession:
    """The session of the job; `master` is set where no cluster says it."""
    builder = (
        SparkSession.builder.appName("perennial_spark")
        # Days and moments mean the same wherever the cluster runs.
        .config("spark.sql.session.timeZone", "UTC")
        # A text that is no number becomes null instead of ending the job: the data gate, which comes later,
        # reads the same text and refuses it by name.
        .config("spark.sql.ansi.enabled", "false")
    )
    return (builder.master(master) if master else builder).getOrCreate()


def derive(spark: SparkSession, workload: Workload, files: list[Path]) -> dict[str, DataFrame]:
    """
    The states of each entity by its name, and the rows with their features as `rows`.

    Raises:
        InvalidInput: the files' columns aren't those of the spec, or a query can't be run.
    """
    read = _files(spark, workload, files)
    read.createOrReplaceTempView("files")
    made: dict[str, DataFrame] = {}
    try:
        rows = spark.sql(workload.rows) if workload.rows else read
        cleaned = [_text(sql.col(f"`{name}`"), workload).alias(name) for name in workload.source_columns]
        # Each view is read many times.
        rows.select(*cleaned).cache().createOrReplaceTempView("source")
        for name, query in workload.entities.items():
            made[name] = spark.sql(query).cache()
            made[name].createOrReplaceTempView(name)
        made["rows"] = spark.sql(workload.features)
    except PySparkException as error:
        raise InvalidInput(f"the queries of {workload.name} can't be run on Spark: {error}") from error
    return made


def _files(spark: SparkSession, workload: Workload, files: list[Path]) -> DataFrame:
    """All rows in order of the files' names, every column as text, `file_row` counted from 1."""
    if not files:
        raise InvalidInput("raw: expected at least one .csv or .csv.gz file, given none")
    whole: DataFrame | None = None
    rows = 0
    for file in sorted(files, key=lambda file: file.name):
        read = _file(spark, workload, file)
        if workload.rows:
            read, count = _numbered(read, rows)
            rows += count
        whole = read if whole is None else whole.unionByName(read)
    assert whole is not None  # noqa: S101 - there is at least one file
    return whole


def _file(spark: SparkSession, workload: Workload, file: Path) -> DataFrame:
    read = spark.read.csv(
        str(file), header=True, quote='"', escape='"', multiLine=True, mode="FAILFAST", enforceSchema=False
    )
    names = [name.removeprefix("\ufeff") for name in read.columns]
    if Counter(names) != Counter(workload.file_columns):
        expected = ", ".join(workload.file_columns)
        raise InvalidInput(f"{file.name} has the columns {', '.join(names)}; expected {expected}")
    return read.toDF(*names).select(
        *(_text(sql.col(f"`{name}`"), workload).alias(name) for name in workload.file_columns)
    )


def _numbered(read: DataFrame, before: int) -> tuple[DataFrame, int]:
    """`read` with the place of each row, and how many there are."""
    identified = read.withColumn("id", sql.monotonically_increasing_id())
    partition = sql.shiftright("id", PLACE_BITS)
    sizes = {
        row["partition"]: row["count"]
        for row in identified.groupBy(partition.alias("partition")).count().collect()
    }
    offset, total = sql.lit(before), before
    for number in sorted(sizes):
        offset = sql.when(partition == number, sql.lit(total)).otherwise(offset)
        total += sizes[number]
    place = sql.col("id").bitwiseAND((1 << PLACE_BITS) - 1) + offset + 1
    return identified.withColumn(FILE_ROW, place.cast("bigint")).drop("id"), total - before


def _text(value: Column, workload: Workload) -> Column:
    """`value` as a trimmed text, null where it is missing: the same as DuckDB has it in the prepare job."""
    trimmed = sql.trim(value.cast("string"))
    missing = (trimmed == "") | trimmed.isin(*workload.missing_markers)
    return sql.when(~missing, trimmed)
