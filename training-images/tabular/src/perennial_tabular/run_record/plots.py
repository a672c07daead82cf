"""Plots of a model on its validation rows, as PNG. The same figures give the same bytes."""

import logging
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from perennial_tabular.fitting import Trained

log = logging.getLogger(__name__)

# Matplotlib writes its version into a picture unless told otherwise.
METADATA = {"Software": None}
SIZE, DOTS_PER_INCH = (6.0, 4.5), 100
MOST_FEATURES = 20
BINS = 10
MOST_POINTS = 5000


def write_plots(trained: Trained, folder: Path) -> None:
    """Writes the plots that suit the task into `folder`."""
    # No window, and none of the fonts or styles that a machine may have of its own.
    mpl.rcdefaults()
    folder.mkdir(parents=True, exist_ok=True)
    labels = trained.rows.parts["validation"].labels
    answered = trained.predictions["validation"].astype(np.float64)
    task = trained.spec.task
    figures = {"importance": _importance(trained)}
    if task.kind == "binary":
        figures["calibration"] = _calibration({task.outcome: (answered[:, 0], labels)})
        figures["roc"] = _roc(answered[:, 0], labels)
        figures["precision-recall"] = _precision_recall(answered[:, 0], labels)
    elif task.kind == "multiclass":
        classes = {one.name: (answered[:, place], labels == place) for place, one in enumerate(task.classes)}
        figures["calibration"] = _calibration(classes)
    else:
        figures["residuals"] = _residuals(answered, labels, task.unit)
        figures["calibration"] = _estimates(answered[:, 0], labels, task.unit)
    for name, figure in figures.items():
        figure.savefig(folder / f"{name}.png", format="png", dpi=DOTS_PER_INCH, metadata=METADATA)


def _axes(title: str, x: str, y: str) -> tuple[Figure, Any]:
    figure = Figure(figsize=SIZE, layout="constrained")
    axes = figure.add_subplot()
    axes.set(title=f"{title}, validation rows", xlabel=x, ylabel=y)
    return figure, axes


def _importance(trained: Trained) -> Figure:
    importance = trained.kept.fitted.importance
    order = np.argsort(-importance, kind="stable")[:MOST_FEATURES][::-1]
    figure = Figure(figsize=SIZE, layout="constrained")
    axes = figure.add_subplot()
    axes.barh([trained.kept.graph.names[place] for place in order], importance[order])
    axes.set(title="Importance", xlabel="share of what was learned")
    return figure


def _calibration(outcomes: dict[str, tuple[Any, Any]]) -> Figure:
    figure, axes = _axes("Calibration", "predicted probability", "observed share")
    for name, (predicted, happened) in outcomes.items():
        axes.plot(*_binned(predicted, happened), marker="o", label=name)
    axes.axline((0, 0), slope=1, color="grey", linewidth=0.8)
    axes.legend()
    return figure


def _estimates(predicted: Any, happened: Any, unit: str) -> Figure:  # noqa: ANN401 - arrays
    figure, axes = _axes("Calibration", f"estimate, {unit}", f"mean outcome, {unit}")
    axes.plot(*_binned(predicted, happened), marker="o")
    axes.axline((float(predicted.mean()),) * 2, slope=1, color="grey", linewidth=0.8)
    return figure


def _binned(predicted: Any, happened: Any) -> tuple[list[float], list[float]]:  # noqa: ANN401 - arrays
    """Mean prediction and mean outcome in bins of equal counts."""
    order = np.argsort(predicted, kind="stable")
    bins = [part for part in np.array_split(order, BINS) if len(part)]
    return [float(predicted[part].mean()) for part in bins], [float(happened[part].mean()) for part in bins]


def _roc(predicted: Any, labels: Any) -> Figure:  # noqa: ANN401 - arrays
    figure, axes = _axes("ROC", "false positive rate", "true positive rate")
    flagged, hits = _curve(predicted, labels)
    axes.plot((flagged - hits) / max(len(labels) - labels.sum(), 1), hits / max(labels.sum(), 1))
    axes.axline((0, 0), slope=1, color="grey", linewidth=0.8)
    return figure


def _precision_recall(predicted: Any, labels: Any) -> Figure:  # noqa: ANN401 - arrays
    figure, axes = _axes("Precision and recall", "recall", "precision")
    flagged, hits = _curve(predicted, labels)
    axes.plot(hits / max(labels.sum(), 1), hits / flagged)
    axes.set(ylim=(0, 1))
    return figure


def _curve(predicted: Any, labels: Any) -> tuple[Any, Any]:  # noqa: ANN401 - arrays
    """Rows flagged, and positives among them, at every distinct threshold from the highest."""
    order = np.argsort(-predicted, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(predicted[order])), len(order) - 1)
    return ends + 1, np.cumsum(labels[order])[ends]


def _residuals(answered: Any, labels: Any, unit: str) -> Figure:  # noqa: ANN401 - arrays
    figure, axes = _axes("Residuals and interval", f"estimate, {unit}", f"outcome - estimate, {unit}")
    shown = answered[:: max(1, len(answered) // MOST_POINTS)]
    happened = labels[:: max(1, len(answered) // MOST_POINTS)]
    order = np.argsort(shown[:, 0], kind="stable")
    estimate, lower, upper = shown[order].T
    axes.scatter(estimate, happened[order] - estimate, s=6)
    axes.fill_between(estimate, lower - estimate, upper - estimate, alpha=0.2)
    axes.axhline(0, color="grey", linewidth=0.8)
    return figure
