"""
`card.md` in the artifact: what the training job knows about the model. The pipeline's card says the rest.
"""

from collections.abc import Sequence
from typing import Any

from perennial_tabular.spec import Spec

PART_FIGURES = {
    "binary": ("rocAuc", "averagePrecision", "brier", "brierSkill", "logLoss"),
    "multiclass": ("rps", "rpsSkill", "logLoss", "accuracy"),
    "regression": ("rmse", "mae", "r2", "coverage", "meanWidth"),
}


def model_card(spec: Spec, manifest: dict[str, Any], metrics: dict[str, Any]) -> str:
    """The card as Markdown. Like the manifest it holds no clock and no job name."""
    sections = [
        f"# {spec.raw['title']}",
        str(spec.raw["description"]),
        _summary(manifest),
        _limits(spec),
        "## Figures of the training job",
        "The holdout's figures stand in the evaluation, the audit part's in the audit report: this job could "
        "read neither.",
        _figures(spec, metrics),
        "## Inputs",
        _inputs(spec, manifest),
        "## Made of",
        _origin(spec, manifest, metrics),
    ]
    return "\n\n".join(sections) + "\n"


def _summary(manifest: dict[str, Any]) -> str:
    task, trees = manifest["task"], manifest["trees"]
    made = f"{trees['count']} trees of depth {trees['depth']}" if trees["count"] else "a linear model"
    return (
        f"Model `{manifest['version']}` of the workload `{manifest['workload']}`, fitted by "
        f"{manifest['algorithm']['kind']}: {made}. {_answer(task)}"
    )


def _answer(task: dict[str, Any]) -> str:
    if task["kind"] == "binary":
        return (
            f"It answers with the calibrated probability of “{task['outcome']}” and flags a record at "
            f"{task['threshold']:.3f} or above; {task['prevalence']:.2%} of the training rows are positive."
        )
    if task["kind"] == "multiclass":
        shares = ", ".join(f"{one['name']} {one['share']:.1%}" for one in task["classes"])
        return f"It answers with a calibrated probability of each class; in the training rows: {shares}."
    return (
        f"It answers in {task['unit']}, from {task['min']:g} to {task['max']:g}, with an interval that is to "
        f"hold {task['coverage']:.0%} of the outcomes; the median of the training rows is {task['median']:g}."
    )


def _limits(spec: Spec) -> str:
    refused = [f"- `{rule.column}` {', '.join(rule.levels)}: {rule.reason}." for rule in spec.exclusions]
    alone = "- A decision by itself: it states what past records suggest, and no more."
    return "\n".join(["Not for:", "", *refused, alone])


def _figures(spec: Spec, metrics: dict[str, Any]) -> str:
    names = PART_FIGURES[spec.task.kind]
    rows = [
        (part, f"{values['rows']:,}", *(f"{values[name]:.4f}" for name in names))
        for part, values in metrics["parts"].items()
    ]
    return _table(("part", "rows", *names), rows)


def _inputs(spec: Spec, manifest: dict[str, Any]) -> str:
    read = {entry["name"] for entry in manifest["inputs"]}
    rows = [
        (f"`{column.name}`", str(column.type), "yes" if column.required else "", column.description)
        for column in spec.readable.values()
        if column.name in read
    ]
    return _table(("column", "type", "required", "meaning"), rows)


def _origin(spec: Spec, manifest: dict[str, Any], metrics: dict[str, Any]) -> str:
    settings = ", ".join(f"{name} {value}" for name, value in metrics["hyperparameters"].items())
    hashes = {name: value for name, value in manifest["hashes"].items() if isinstance(value, str)}
    lines = [f"- {name}: `{value}`" for name, value in hashes.items()]
    kept = f"; {metrics['bestRound']} of {metrics['rounds']} rounds kept" if metrics["rounds"] else ""
    return (
        f"{spec.source['citation']}. Licence: {spec.source['licence']}.\n\n"
        f"Settings: {settings}{kept}.\n\n" + "\n".join(lines)
    )


def _table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [header, tuple("---" for _ in header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
