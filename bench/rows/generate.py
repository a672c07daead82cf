"""The hospital's rows, several times over: each copy has patients and encounters of its own."""

import sys
from pathlib import Path

import duckdb

# Larger than any id of the source (443,867,222 encounters, 189,502,619 patients), so that copies never meet.
APART = 1_000_000_000


def generate(source: Path, times: int, target: Path) -> None:
    """
    Writes `times` copies of the CSV at `source`, all columns text: Parquet, or CSV where `target` ends so.

    A copy keeps every patient whole: what a query does for one patient is as much work as in the original.
    """
    form = "parquet" if target.suffix == ".parquet" else "csv, HEADER"
    connection = duckdb.connect(config={"threads": 2})
    connection.execute(
        f"""
        COPY (
          SELECT rows.* REPLACE (
            CAST(CAST(encounter_id AS BIGINT) + copy * {APART} AS VARCHAR) AS encounter_id,
            CAST(CAST(patient_nbr AS BIGINT) + copy * {APART} AS VARCHAR) AS patient_nbr
          )
          FROM read_csv('{source}', header = true, all_varchar = true) AS rows
          CROSS JOIN (SELECT unnest(range({times})) AS copy)
        ) TO '{target}' (FORMAT {form})
        """
    )


if __name__ == "__main__":
    generate(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
