"""The files of the artifact, as documents."""

import os
import platform
from datetime import timedelta
from importlib import metadata
from typing import Any

from perennial_tabular.algorithm import AlgorithmKind
from perennial_tabular.column import EPOCH, Column
from perennial_tabular.entity import Entity
from perennial_tabular.fitting import Trained
from perennial_tabular.metrics import Metrics, measure
from perennial_tabular.preparing import OPEN_PARTS
from perennial_tabular.spec import Spec

FILES = ("model.onnx", "metrics.json", "baseline.json", "structure.json", "card.md")
LIBRARIES = ("duckdb", "numpy", "onnx", "onnxruntime")
# By kind of algorithm, the distributions of the library that fits it: XGBoost's has another name on Linux.
FITTING: dict[AlgorithmKind, dict[str, tuple[str, ...]]] = {
    "xgboost": {"xgboost": ("xgboost-cpu", "xgboost")},
    "lightgbm": {"lightgbm": ("lightgbm",)},
    "randomForest": {"scikit-learn": ("scikit-learn",)},
    "linear": {"scikit-learn": ("scikit-learn",)},
}


def metrics_document(trained: Trained) -> dict[str, Any]:
    parts: dict[str, Metrics] = {}
    for part in OPEN_PARTS:
        labels = trained.rows.parts[part].labels
        parts[part] = measure(trained.spec.task, trained.predictions[part], labels, trained.reference)
    fitted, algorithm = trained.kept.fitted, trained.kept.algorithm
    comparison = trained.comparison
    tried = (
        {}
        if comparison is None
        else {
            "compared": {
                "by": comparison.objective,
                "best": comparison.best_number,
                "trials": [
                    {"algorithm": trial.algorithm.kind, "state": trial.state, "value": trial.value}
                    for trial in comparison.trials
                ],
            }
        }
    )
    return {
        "algorithm": algorithm.kind,
        "hyperparameters": algorithm.hyperparameters,
        "rounds": max((len(values) for values in fitted.history.values()), default=0),
        "bestRound": fitted.best_round,
        **tried,
        "parts": parts,
    }


def structure_document(trained: Trained) -> dict[str, Any]:
    """
    `structure.json`: what the raw scores are made of, exactly, for explanations.

    A raw score of kind "trees" is its base plus what each tree's leaf adds; of kind "linear" its base plus
    the weighted standardised features. Features are those of the graph, in its order; where `imputed` isn't
    null, its value stands in for a missing feature first. The link of slope · raw score + intercept is the
    answer: sigmoid, softmax or identity.
    """
    kept = trained.kept
    return {
        **kept.fitted.scorer.document(),
        "scores": [one.name for one in trained.spec.task.classes]
        if trained.spec.task.kind == "multiclass"
        else ["probability" if trained.spec.task.kind == "binary" else "estimate"],
        "features": kept.graph.names,
        "imputed": kept.imputation.values.tolist() if kept.imputation else None,
        "answer": kept.answer.document(),
    }


def manifest_document(trained: Trained, identity: str, code_sha256: str) -> dict[str, Any]:
    spec, layout = trained.spec, trained.kept.graph.layout
    read = {column.name for column in (*layout.texts, *layout.numbers)}
    algorithm = trained.kept.algorithm
    count, depth = trained.kept.fitted.scorer.trees
    return {
        "format": 1,
        "workload": spec.name,
        "version": identity[:12],
        "kind": "trained",
        "task": _task(trained),
        "algorithm": {"kind": algorithm.kind, "hyperparameters": algorithm.hyperparameters},
        "inputs": [
            _input(column, place)
            for columns in (layout.texts, layout.numbers)
            for place, column in enumerate(columns)
        ],
        "ignored": [name for name in (*spec.source_names, *spec.derived) if name not in read],
        "missingMarkers": spec.source["missingMarkers"],
        "excluded": spec.source["excluded"],
        "lookups": [lookup for entity in spec.entities for lookup in _lookups(entity, spec)],
        "output": {"name": "prediction", "columns": trained.kept.answer.columns},
        "seed": algorithm.hyperparameters["seed"],
        "trees": {"count": count, "depth": depth},
        "hashes": {
            "data": trained.rows.document["dataSha256"],
            "spec": spec.sha256,
            "code": code_sha256,
            "image": os.environ.get("PERENNIAL_IMAGE_DIGEST") or None,
        },
        "parts": trained.rows.document["parts"],
        "libraries": libraries(algorithm.kind),
    }


def libraries(kind: AlgorithmKind) -> dict[str, str]:
    """Versions of what made the model."""
    found = {name: metadata.version(name) for name in LIBRARIES}
    for name, distributions in FITTING[kind].items():
        installed = (one for one in distributions if any(metadata.distributions(name=one)))
        found[name] = metadata.version(next(installed))
    return found | {"python": platform.python_version()}


def _task(trained: Trained) -> dict[str, Any]:
    task = trained.spec.task
    if task.kind == "binary":
        return {
            "kind": task.kind,
            "outcome": task.outcome,
            "threshold": trained.threshold,
            "prevalence": trained.reference[0],
        }
    if task.kind == "multiclass":
        shares = zip(task.classes, trained.reference, strict=True)
        return {"kind": task.kind, "classes": [{"name": one.name, "share": share} for one, share in shares]}
    return {
        "kind": task.kind,
        "unit": task.unit,
        "min": task.min,
        "max": task.max,
        "coverage": task.coverage,
        "median": trained.reference[0],
    }


def _lookups(entity: Entity, spec: Spec) -> list[dict[str, Any]]:
    # A record may say for when it asks where its time is something that a caller can send.
    at = spec.time if spec.time in spec.columns else None
    return [
        {"entity": entity.name, "by": one.by, "at": at, "maxAge": entity.max_age, "columns": one.columns}
        for one in entity.lookups
    ]


def _input(column: Column, place: int) -> dict[str, Any]:
    common = {"name": column.name, "index": place, "required": column.required, "type": column.type}
    if column.type == "category":
        return common | {"levels": list(column.levels), "closed": column.closed}
    if column.type == "code":
        return common | {"pattern": column.pattern}
    if column.type == "date":
        return common | {"min": _day(column.min), "max": _day(column.max)}
    return common | {"min": column.min, "max": column.max}


def _day(number: float) -> str:
    return (EPOCH + timedelta(days=number)).isoformat()
