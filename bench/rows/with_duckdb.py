"""The workload's own features.sql, as the processing job runs it: Parquet in, Parquet out."""

import sys
from pathlib import Path

import duckdb


def main(source: Path, sql: Path, target: Path, memory_gib: int) -> None:
    """Runs the query within `memory_gib` of memory; what doesn't fit goes to disk beside `target`."""
    connection = duckdb.connect(
        config={
            "threads": 2,
            "memory_limit": f"{memory_gib}GiB",
            "temp_directory": str(target.parent / "spill"),
            "preserve_insertion_order": False,
        }
    )
    connection.execute(f"CREATE VIEW source AS SELECT * FROM read_parquet('{source}')")
    query = sql.read_text("utf-8")
    connection.execute(f"COPY ({query}) TO '{target}' (FORMAT parquet)")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))
