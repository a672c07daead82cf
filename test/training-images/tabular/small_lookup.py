"""The small workload with an entity whose state is looked up: what was seen of a grade before."""

from pathlib import Path
from typing import Any

from small_features import FEATURES_SQL
from small_workload import processing_folder, small_spec

STATES_SQL = """
SELECT
  grade,
  CAST(id AS BIGINT) AS valid_from,
  LEAD(CAST(id AS BIGINT)) OVER by_id AS valid_to,
  COUNT(*) OVER so_far AS rows_before,
  CAST(SUM(CAST(visits AS BIGINT)) OVER so_far AS DOUBLE) / COUNT(visits) OVER so_far AS visits_before
FROM source
WINDOW
  by_id AS (PARTITION BY grade ORDER BY CAST(id AS BIGINT)),
  so_far AS (PARTITION BY grade ORDER BY CAST(id AS BIGINT) ROWS UNBOUNDED PRECEDING)
"""

LOOKUP_SQL = f"""
WITH counted AS ({FEATURES_SQL})
SELECT counted.*, state.rows_before AS grade_rows, state.visits_before AS grade_visits
FROM counted
LEFT JOIN grade_form AS state
  ON state.grade = counted.grade
  AND state.valid_from < CAST(counted.id AS BIGINT)
  AND (state.valid_to >= CAST(counted.id AS BIGINT) OR state.valid_to IS NULL)
"""


def small_lookup_spec() -> dict[str, Any]:
    spec = small_spec()
    spec["derived"] |= {
        name: {"type": kind, "description": name, "min": 0, "max": 2000, "withheldShare": 0}
        for name, kind in (("grade_rows", "integer"), ("grade_visits", "number"))
    }
    spec["entities"] = {
        "grade_form": {
            "description": "a grade and what was seen of it",
            "key": "grade",
            "maxAge": 1000,
            "lookups": [
                {
                    "by": "grade",
                    "columns": {"grade_rows": "rows_before", "grade_visits": "visits_before"},
                }
            ],
        }
    }
    return spec


def lookup_folder(root: Path, states_sql: str = STATES_SQL) -> Path:
    """Lays out the inputs of a processing job of this workload below `root`."""
    processing_folder(root, spec=small_lookup_spec(), sql=LOOKUP_SQL)
    (root / "processing/input/spec/entities").mkdir()
    (root / "processing/input/spec/entities/grade_form.sql").write_text(states_sql, "utf-8")
    return root
