"""Features of every kind and the codes that they read, of the small invented workload."""

from typing import Any

CODE = r"(\d{1,3}|V\d{1,2}|E\d{3})(\.\d{1,2})?"

FEATURES: list[dict[str, Any]] = [
    {"kind": "ordinal", "name": "grade", "column": "grade", "order": ["low", "mid", "high"]},
    {"kind": "oneHot", "name": "color", "column": "color", "levels": ["red", "green"]},
    {"kind": "oneHot", "name": "exact", "column": "code_2", "levels": ["V10", "250.83"]},
    {"kind": "indicator", "name": "warm", "column": "color", "levels": ["red", "1"]},
    {"kind": "missing", "name": "no_color", "column": "color"},
    {"kind": "missing", "name": "no_code", "column": "code_1"},
    {"kind": "missing", "name": "no_visits", "column": "visits"},
    {"kind": "number", "name": "weight", "column": "weight"},
    {"kind": "number", "name": "visits", "column": "visits"},
    {"kind": "number", "name": "earlier", "column": "earlier"},
    {"kind": "sum", "name": "visits_and_stays", "columns": ["visits", "stays"]},
    {"kind": "sum", "name": "everything", "columns": ["visits", "stays", "weight"]},
    {"kind": "sum", "name": "stays_and_weight", "columns": ["stays", "weight"]},
    {"kind": "count", "name": "doses", "columns": ["dose_a", "dose_b"], "levels": ["Up", "Down"]},
    {"kind": "count", "name": "raised", "columns": ["dose_a", "dose_b", "color"], "levels": ["Up", "red"]},
    {"kind": "product", "name": "graded_visits", "factors": ["grade", "visits"]},
    {"kind": "product", "name": "heavy_doses", "factors": ["weight", "doses", "visits_and_stays"]},
    {"kind": "product", "name": "nested", "factors": ["graded_visits", "weight"]},
    {
        "kind": "codeGroup",
        "name": "first",
        "column": "code_1",
        "groups": [
            {"name": "heart", "ranges": [[390, 459], [785, 785]], "letters": []},
            {"name": "early", "ranges": [[1, 99]], "letters": []},
            {"name": "outside", "ranges": [], "letters": ["E", "V"]},
        ],
        "other": "rest",
    },
    {
        "kind": "codeGroup",
        "name": "second",
        "column": "code_2",
        "groups": [
            {"name": "chest", "ranges": [[410, 429]], "letters": []},
            {"name": "accident", "ranges": [[800, 999]], "letters": ["E"]},
        ],
        "other": "rest",
    },
    {
        "kind": "codeCount",
        "name": "both",
        "columns": ["code_1", "code_2"],
        "groups": [
            {"name": "failure", "ranges": [[428, 428]], "letters": []},
            {"name": "heart", "ranges": [[390, 459]], "letters": []},
            {"name": "outside", "ranges": [], "letters": ["E", "V"]},
        ],
    },
    {"kind": "number", "name": "day", "column": "day"},
    {"kind": "log", "name": "log_weight", "column": "weight"},
    {"kind": "log", "name": "log_visits", "column": "visits"},
    {"kind": "ratio", "name": "weight_a_visit", "numerator": "weight", "denominator": "visits"},
    {"kind": "ratio", "name": "visits_a_stay", "numerator": "visits", "denominator": "stays"},
    {"kind": "difference", "name": "more_visits", "minuend": "visits", "subtrahend": "stays"},
    {"kind": "cycle", "name": "weekday", "column": "day", "period": 7, "offset": 3},
    {"kind": "cycle", "name": "weight_cycle", "column": "weight", "period": 1.5, "offset": 0.25},
    {"kind": "product", "name": "logged", "factors": ["log_visits", "weekday", "more_visits"]},
    {"kind": "codePrefix", "name": "diabetes", "column": "code_1", "prefixes": ["250.", "V5"]},
]

FEATURES_SQL = """
SELECT *, COUNT(*) OVER earlier AS earlier
FROM source
WINDOW earlier AS (
  PARTITION BY person ORDER BY CAST(id AS BIGINT) RANGE BETWEEN 1000 PRECEDING AND 1 PRECEDING
)
"""

CODES = [
    "",
    "?",
    "8",
    "008",
    "41",
    "V10",
    "V57",
    "E812",
    "250",
    "250.83",
    "2500",
    "428",
    "410.1",
    "785",
    "999",
]
