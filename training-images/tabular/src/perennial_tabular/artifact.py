"""The files of the artifact, as documents."""

import os
import platform
from importlib import metadata
from typing import Any

import xgboost

from perennial_tabular.fitting import Trained
from perennial_tabular.metrics import PartMetrics, measure
from perennial_tabular.preparing import OPEN_PARTS
from perennial_tabular.spec import Column

FILES = ("model.onnx", "metrics.json", "baseline.json", "trees.json", "card.md")
LIBRARIES = ("duckdb", "numpy", "onnx", "onnxruntime")


def metrics_document(trained: Trained) -> dict[str, Any]:
    parts: dict[str, PartMetrics] = {}
    for part in OPEN_PARTS:
        labels = trained.rows.parts[part].labels
        parts[part] = measure(trained.predictions[part], labels, trained.prevalence)
    return {
        "rounds": trained.boosted.rounds,
        "bestRound": trained.boosted.best_round,
        "hyperparameters": trained.settings,
        "parts": parts,
    }


def trees_document(trained: Trained) -> dict[str, Any]:
    trees = [
        {
            "feature": tree.feature,
            "threshold": tree.threshold,
            "left": tree.left,
            "right": tree.right,
            "missing_left": tree.missing_left,
            "leaf": tree.leaf,
            "cover": tree.cover,
        }
        for tree in trained.forest.trees
    ]
    calibration = {"slope": trained.calibration.slope, "intercept": trained.calibration.intercept}
    return {
        "base_score": trained.forest.base,
        "calibration": calibration,
        "features": trained.graph.names,
        "trees": trees,
    }


def manifest_document(trained: Trained, identity: str, code_sha256: str) -> dict[str, Any]:
    spec, layout = trained.spec, trained.graph.layout
    read = {column.name for column in (*layout.texts, *layout.numbers)}
    return {
        "format": 1,
        "workload": spec.name,
        "version": identity[:12],
        "kind": "trained",
        "task": {"kind": spec.task["kind"], "outcome": spec.task["outcome"]},
        "inputs": [
            _input(column, place)
            for columns in (layout.texts, layout.numbers)
            for place, column in enumerate(columns)
        ],
        "ignored": [name for name in (*spec.source_names, *spec.derived) if name not in read],
        "missingMarkers": spec.source["missingMarkers"],
        "excluded": spec.source["excluded"],
        "output": {"name": "prediction", "columns": 1},
        "threshold": trained.threshold,
        "prevalence": trained.prevalence,
        "seed": trained.settings["seed"],
        "trees": {"count": len(trained.forest.trees), "depth": trained.forest.depth},
        "hashes": {
            "data": trained.rows.document["dataSha256"],
            "spec": spec.sha256,
            "code": code_sha256,
            "image": os.environ.get("PERENNIAL_IMAGE_DIGEST") or None,
        },
        "parts": trained.rows.document["parts"],
        "libraries": {name: metadata.version(name) for name in LIBRARIES}
        # Its distribution has another name on Linux than elsewhere.
        | {"xgboost": xgboost.__version__, "python": platform.python_version()},
    }


def _input(column: Column, place: int) -> dict[str, Any]:
    common = {"name": column.name, "index": place, "required": column.required, "type": column.type}
    if column.type == "category":
        return common | {"levels": list(column.levels), "closed": column.closed}
    if column.type == "code":
        return common | {"pattern": column.pattern}
    return common | {"min": column.min, "max": column.max}
