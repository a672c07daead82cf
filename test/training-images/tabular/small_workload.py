"""A small invented workload of every kind of column and feature, in three tasks, and folders for its jobs."""

import csv
import hashlib
import io
import json
import random
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from small_features import CODE, FEATURES, FEATURES_SQL
from small_features import CODES as CODES
from small_operations import OPERATIONS

Row = dict[str, str]


def small_spec() -> dict[str, Any]:
    """The spec as `spec.json` holds it, defaults filled in."""

    def category(levels: list[str], *, closed: bool = False, required: bool = False) -> dict[str, Any]:
        return {
            "type": "category",
            "description": "text",
            "levels": levels,
            "closed": closed,
            "required": required,
        }

    def numeric(kind: str, low: float, high: float) -> dict[str, Any]:
        return {"type": kind, "description": "number", "min": low, "max": high, "required": False}

    code = {"type": "code", "description": "code", "pattern": CODE, "required": False}
    return {
        "name": "small",
        "title": "Small",
        "description": "An invented workload.",
        "source": {
            "path": "data/rows.csv",
            "licence": "none",
            "citation": "invented",
            "missingMarkers": ["?", "NA"],
            "minRows": 100,
            "key": "id",
            "time": "id",
            "features": "features.sql",
            "unused": {
                "id": "key",
                "person": "group",
                "outcome": "the outcome",
                "result": "the outcome of another task",
                "days": "the outcome of another task",
                "note": "free text",
            },
            "columns": {
                "color": category(["red", "green", "blue", "1"]),
                "grade": category(["low", "mid", "high"], closed=True, required=True),
                "code_1": dict(code),
                "code_2": dict(code),
                "dose_a": category(["No", "Up", "Down"], closed=True),
                "dose_b": category(["No", "Up", "Down"], closed=True),
                "weight": numeric("number", -5, 5),
                "visits": numeric("integer", 0, 20) | {"unit": "visits"},
                "stays": numeric("integer", 0, 20),
                "day": {
                    "type": "date",
                    "description": "a day",
                    "min": "2020-01-01",
                    "max": "2039-12-31",
                    "required": False,
                },
            },
            "excluded": [{"column": "color", "levels": ["blue"], "reason": "blue is another question"}],
        },
        "derived": {
            "earlier": {
                "type": "integer",
                "description": "earlier rows",
                "min": 0,
                "max": 100,
                "withheldShare": 0.25,
            }
        },
        "task": {
            "kind": "binary",
            "target": "outcome",
            "positive": ["yes"],
            "negative": ["no"],
            "outcome": "it happens",
            "prior": 0.3,
            "threshold": {"flaggedShare": 0.2},
        },
        "split": {
            "by": "hash",
            "group": "person",
            "salt": "small/2026",
            "shares": {"train": 0.5, "validation": 0.15, "calibration": 0.15, "holdout": 0.1, "audit": 0.1},
        },
        "features": json.loads(json.dumps(FEATURES)),
        "entities": {},
        "algorithms": [
            {
                "kind": "xgboost",
                "hyperparameters": {
                    "num_round": 50,
                    "early_stopping_rounds": 50,
                    "max_depth": 3,
                    "eta": 0.1,
                    "min_child_weight": 1,
                    "subsample": 0.8,
                    "colsample_bytree": 0.8,
                    "reg_lambda": 1,
                    "reg_alpha": 0,
                    "gamma": 0,
                    "max_bin": 64,
                    "seed": 7,
                },
                "space": {},
            }
        ],
        "imbalance": "none",
        "search": None,
        "training": {"instanceCount": 1, "features": "duckdb"},
        "checks": {
            "missing": {},
            # A third of the colors is one that the spec doesn't list.
            "unseenShare": 0.4,
            "duplicateShare": 0.01,
            "minClassShare": 0.01,
            "singleColumnStrength": 0.95,
            "freshnessDays": None,
            "drift": {"psi": 0.25, "share": 0.5},
        },
        **json.loads(json.dumps(OPERATIONS)),
    }


def small_multiclass_spec() -> dict[str, Any]:
    """The same with one of three results to foresee."""
    spec = small_spec()
    spec["task"] = {
        "kind": "multiclass",
        "target": "result",
        "classes": [
            {"name": "loss", "levels": ["L"], "prior": 0.3},
            {"name": "draw", "levels": ["D"], "prior": 0.2},
            {"name": "win", "levels": ["W", "WW"], "prior": 0.5},
        ],
    }
    spec["gate"]["primary"] = "rps"
    return spec


def small_regression_spec() -> dict[str, Any]:
    """The same with a number of days to foresee."""
    spec = small_spec()
    spec["task"] = {
        "kind": "regression",
        "target": "days",
        "unit": "days",
        "min": 1,
        "max": 60,
        "coverage": 0.9,
        "prior": {"median": 12, "lower": 2, "upper": 30},
    }
    spec["gate"]["primary"] = "rmse"
    spec["gate"]["calibration"] = {"coverage": [0.85, 0.95]}
    return spec


PARTS = ("train", "validation", "calibration", "holdout", "audit")
PERSONS = 400


def small_rows(count: int = 1200) -> list[Row]:
    """Invented rows, always the same, in which the outcome depends on grade, visits and code."""
    # Chance that is the same in every run, which is what a test wants.
    chance, later = random.Random(7), random.Random(11)  # noqa: S311
    rows: list[Row] = []
    for place in range(count):
        grade = chance.choice(["low", "mid", "high"])
        visits = chance.choice(["", *map(str, range(10))])
        code = chance.choice([code for code in CODES if code != "2500"])
        logit = -2.0 + 1.2 * (grade == "high") + 0.2 * int(visits or 0) + 0.8 * code.startswith("4")
        rows.append(
            {
                "id": str(1000 + 7 * place),
                "person": f"p{chance.randrange(PERSONS)}",
                "color": chance.choice(["red", "green", "blue", "violet", "1", "NA"]),
                "grade": grade,
                "code_1": code,
                "code_2": chance.choice([code for code in CODES if code != "2500"]),
                "dose_a": chance.choice(["No", "Up", "Down", "?"]),
                "dose_b": chance.choice(["No", "Up", "Down"]),
                "weight": chance.choice(["", f"{chance.uniform(-5, 5):.3f}"]),
                "visits": visits,
                "stays": chance.choice(["?", *map(str, range(5))]),
                "note": chance.choice(["", 'said "fine", left', "ok"]),
                "outcome": "yes" if chance.random() < 1 / (1 + 2.718281828**-logit) else "no",
            }
        )
        strength = logit + later.gauss(0, 1)
        won = "W" if strength < 1 else "WW"
        rows[-1] |= {
            "result": "L" if strength < -1.5 else "D" if strength < -0.5 else won,
            "days": str(min(60, max(1, round(10 + 4 * strength + later.gauss(0, 2))))),
            "day": later.choice(["", *[(date(2020, 1, 1) + timedelta(place)).isoformat()] * 9]),
        }
    return rows


def csv_text(rows: Sequence[Row], header: Sequence[str] | None = None) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, header or list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def set_values(column: str, values: dict[int, str]) -> str:
    """The small workload's file with other values in some rows."""
    rows = small_rows()
    for place, value in values.items():
        rows[place][column] = value
    return csv_text(rows)


def every_value(column: str, value: Callable[[Row], str]) -> str:
    """The small workload's file with another value in every row."""
    return csv_text([row | {column: value(row)} for row in small_rows()])


def processing_folder(
    root: Path, *, raw: str | None = None, spec: dict[str, Any] | None = None, sql: str = FEATURES_SQL
) -> Path:
    """Lays out the inputs of a processing job of the small workload below `root`."""
    inputs = root / "processing/input"
    (inputs / "raw").mkdir(parents=True)
    write_spec(inputs / "spec", spec, sql)
    (inputs / "raw/rows.csv").write_text(csv_text(small_rows()) if raw is None else raw, "utf-8")
    return root


def write_spec(folder: Path, spec: dict[str, Any] | None = None, sql: str = FEATURES_SQL) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "spec.json").write_text(json.dumps(small_spec() if spec is None else spec), "utf-8")
    (folder / "features.sql").write_text(sql, "utf-8")


def training_folder(root: Path, prepared_root: Path, hyperparameters: dict[str, str] | None = None) -> Path:
    """Lays out the inputs of a training job on what the processing job in `prepared_root` made."""
    data = root / "input/data"
    data.mkdir(parents=True)
    (data / "prepared").symlink_to(prepared_root / "processing/output/prepared")
    (data / "spec").symlink_to(prepared_root / "processing/input/spec")
    if hyperparameters is not None:
        (root / "input/config").mkdir()
        (root / "input/config/hyperparameters.json").write_text(json.dumps(hyperparameters), "utf-8")
    return root


def files_of(folder: Path) -> dict[str, bytes]:
    """Every file below `folder` with its bytes, hidden ones too."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def part_by_hand(group: str, spec: dict[str, Any]) -> str:
    """The part that the salted hash of `group` names, worked out without SQL."""
    digest = hashlib.sha256(f"{spec['split']['salt']}:{group}".encode()).hexdigest()
    place, bound = int(digest[:13], 16) / 16**13, 0.0
    for part in PARTS[:-1]:
        bound += spec["split"]["shares"][part]
        if place < bound:
            return part
    return "audit"
