"""
Features in DuckDB against vectorised pandas, at several sizes, in one run.

`make bench-features`. Each engine runs as a process of its own, in turns; times are medians of whole
processes, imports included, memory is the process's largest resident set. At the smallest size both answers
are compared, value by value.
"""

import argparse
import json
import statistics
import sys
import tempfile
from pathlib import Path

from measured import Run, run

HERE = Path(__file__).parent
WORKLOAD = HERE.parent.parent / "workloads/hospital-readmission"
ENGINES = ("duckdb", "pandas")
DERIVED = ("prior_encounters", "prior_days_in_hospital", "prior_emergency_admissions", "prior_peak_inpatient")


def measure(times: int, folder: Path, repetitions: int, memory_gib: int) -> dict[str, list[Run]]:
    """Both engines on `times` copies of the rows, in turns."""
    rows = folder / f"rows-{times}.parquet"
    run(HERE / "generate.py", WORKLOAD / "data/diabetic_data.csv.gz", times, rows)
    runs: dict[str, list[Run]] = {engine: [] for engine in ENGINES}
    for _ in range(repetitions):
        runs["duckdb"].append(
            run(
                HERE / "with_duckdb.py",
                rows,
                WORKLOAD / "features.sql",
                folder / "duckdb.parquet",
                memory_gib,
            )
        )
        runs["pandas"].append(run(HERE / "with_pandas.py", rows, folder / "pandas.parquet"))
    rows.unlink()
    return runs


def differing_rows(folder: Path) -> int:
    """Rows that one engine's answer has and the other's has not."""
    import duckdb

    columns = ", ".join(("encounter_id", *DERIVED))
    one, other = (f"SELECT {columns} FROM read_parquet('{folder / engine}.parquet')" for engine in ENGINES)
    query = f"SELECT count(*) FROM (({one} EXCEPT {other}) UNION ALL ({other} EXCEPT {one}))"
    [(differing,)] = duckdb.connect().execute(query).fetchall()
    return int(differing)


def main() -> None:
    """Measures, prints a table and, as the last line, JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--times", type=int, nargs="+", default=[1, 10, 40], help="copies of the 101,766 rows"
    )
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--memory-gib", type=int, default=2, help="what DuckDB may take")
    options = parser.parse_args()
    table = []
    with tempfile.TemporaryDirectory(prefix="perennial-features-") as temporary:
        folder = Path(temporary)
        for times in sorted(options.times):
            sys.stderr.write(f"{times} times the rows …\n")
            runs = measure(times, folder, options.repetitions, options.memory_gib)
            if not table and (differing := differing_rows(folder)) != 0:
                raise SystemExit(f"the engines differ in {differing} rows: nothing was compared")
            seconds = {engine: statistics.median(one.seconds for one in runs[engine]) for engine in ENGINES}
            peaks = {engine: max(one.peak_mib for one in runs[engine]) for engine in ENGINES}
            table.append(
                {
                    "rows": 101_766 * times,
                    **{f"{engine}Seconds": round(seconds[engine], 2) for engine in ENGINES},
                    "timesAsFast": round(seconds["pandas"] / seconds["duckdb"], 2),
                    **{f"{engine}PeakMiB": round(peaks[engine]) for engine in ENGINES},
                }
            )
    lines = [" | ".join(table[0]), *(" | ".join(str(value) for value in line.values()) for line in table)]
    result = {"memoryLimitGiB": options.memory_gib, "repetitions": options.repetitions, "sizes": table}
    sys.stdout.write("\n".join([*lines, json.dumps(result), ""]))


if __name__ == "__main__":
    main()
