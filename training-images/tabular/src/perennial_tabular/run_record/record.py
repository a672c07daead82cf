"""The run record: `run.json`, `metrics.jsonl`, `trials.jsonl` and plots, by the contract of TypeScript."""

import json
import logging
import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from perennial_tabular.artifact import libraries, metrics_document
from perennial_tabular.fitting import Trained
from perennial_tabular.run_record.plots import write_plots
from perennial_tabular.search.trial import Trial

log = logging.getLogger(__name__)

# As the contract has it.
LONGEST_REASON = 1000


def write_run_record(folder: Path, trained: Trained, hashes: dict[str, str]) -> None:
    """Writes the record of the training into `folder`, which SageMaker packs into output.tar.gz."""
    folder.mkdir(parents=True, exist_ok=True)
    comparison = trained.comparison
    summary = {
        "format": 1,
        "workload": trained.spec.name,
        "algorithm": trained.kept.algorithm.kind,
        "params": _params(trained),
        "metrics": dict(_final_metrics(trained)),
        "tags": libraries(trained.kept.algorithm.kind) | {"search": _ending(trained)},
        "hashes": hashes,
        "search": None
        if comparison is None
        else {
            "objective": comparison.objective,
            "direction": "maximize" if comparison.is_higher_better else "minimize",
            "best": comparison.best_number,
        },
    }
    (folder / "run.json").write_text(json.dumps(summary, indent=2, allow_nan=False) + "\n", "utf-8")
    history = [
        {"name": name, "step": step, "value": value}
        for name, values in trained.kept.fitted.history.items()
        for step, value in enumerate(values, 1)
        if math.isfinite(value)
    ]
    _write_lines(folder / "metrics.jsonl", history)
    trials = comparison.trials if comparison else ()
    _write_lines(folder / "trials.jsonl", [_trial(trial) for trial in trials])
    write_plots(trained, folder / "plots")


def _params(trained: Trained) -> dict[str, Any]:
    spec, search = trained.spec, trained.spec.search
    given: dict[str, Any] = {**trained.kept.algorithm.hyperparameters}
    given |= {"imbalance": spec.imbalance, "features": len(trained.kept.graph.names)}
    given["rounds_kept"] = trained.kept.fitted.best_round
    if search and trained.comparison:
        given |= {"search/trials": search.trials, "search/minutes": search.minutes}
        given |= {
            "search/folds": search.folds,
            "search/strategy": search.strategy,
            "search/seed": search.seed,
        }
    return given


def _final_metrics(trained: Trained) -> Iterator[tuple[str, float]]:
    for part, measured in metrics_document(trained)["parts"].items():
        for name, value in measured.items():
            if isinstance(value, int | float) and math.isfinite(value):
                yield f"{part}/{name}", value
    if trained.threshold is not None:
        yield "threshold", trained.threshold


def _ending(trained: Trained) -> str:
    if trained.comparison is None:
        return "one setting, nothing compared"
    counted = {"complete": 0, "pruned": 0, "failed": 0}
    for trial in trained.comparison.trials:
        counted[trial.state] += 1
    return ", ".join(f"{count} {state}" for state, count in counted.items())


def _trial(trial: Trial) -> dict[str, Any]:
    return {
        "number": trial.number,
        "algorithm": trial.algorithm.kind,
        "params": trial.algorithm.hyperparameters,
        "state": trial.state,
        "values": [{"step": step, "value": value} for step, value in trial.values if math.isfinite(value)],
        "value": trial.value,
        "reason": trial.reason[:LONGEST_REASON] if trial.reason else None,
        "seconds": trial.seconds,
    }


def _write_lines(path: Path, documents: Iterable[dict[str, Any]]) -> None:
    """One document a line; no file where there is none."""
    lines = [json.dumps(document, allow_nan=False) for document in documents]
    path.unlink(missing_ok=True)
    if lines:
        path.write_text("\n".join(lines) + "\n", "utf-8")
