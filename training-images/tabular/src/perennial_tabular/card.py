"""`card.md`: the model described for people."""

from collections.abc import Sequence
from typing import Any

from perennial_tabular.spec import Spec


def model_card(
    spec: Spec, manifest: dict[str, Any], metrics: dict[str, Any], prepared: dict[str, Any]
) -> str:
    """The card as Markdown. Like the manifest it holds no clock and no job name."""
    sections = [
        f"# {spec.raw['title']}",
        str(spec.raw["description"]),
        _summary(spec, manifest),
        "## Not for",
        _limits(spec),
        "## Data",
        f"{spec.source['citation']}. Licence: {spec.source['licence']}.",
        _data(spec, prepared),
        "## Figures of the training job",
        "The holdout's figures stand in the evaluation, the audit part's in the audit report: this job could "
        "read neither. Brier skill is against always answering the training part's rate, "
        f"{manifest['prevalence']:.4f}.",
        _figures(metrics),
        "## Inputs",
        _inputs(spec, manifest),
        "Columns of the source that the model doesn't read:",
        "\n".join(f"- `{name}`: {reason}" for name, reason in spec.source["unused"].items()),
        "## Made of",
        _origin(manifest, metrics),
    ]
    return "\n\n".join(sections) + "\n"


def _summary(spec: Spec, manifest: dict[str, Any]) -> str:
    trees = manifest["trees"]
    return (
        f"Model `{manifest['version']}` of the workload `{spec.name}`: {trees['count']} trees of depth "
        f"{trees['depth']}, calibrated by Platt scaling. It answers with the probability of "
        f"“{spec.task['outcome']}” and flags a record at {manifest['threshold']:.3f} or above, which "
        f"{spec.task['flaggedShare']:.0%} of the calibration rows reach."
    )


def _limits(spec: Spec) -> str:
    refused = [f"- `{rule.column}` {', '.join(rule.levels)}: {rule.reason}." for rule in spec.exclusions]
    alone = "- A decision by itself: it states a probability, learned from the records below and no others."
    return "\n".join([*refused, alone])


def _data(spec: Spec, prepared: dict[str, Any]) -> str:
    rows = prepared["rows"]
    excluded = "".join(f"; {rule['rows']:,} excluded ({rule['reason']})" for rule in rows["excluded"])
    parts = [
        (name, f"{part['rows']:,}", f"{part['groups']:,}", f"{part['positives'] / part['rows']:.2%}")
        for name, part in prepared["parts"].items()
    ]
    kept = f"{rows['read']:,} rows read, {rows['kept']:,} kept{excluded}."
    return f"{kept} Rows of one `{spec.group}` lie in one part.\n\n" + _table(
        ("part", "rows", f"`{spec.group}`", "positive"), parts
    )


def _figures(metrics: dict[str, Any]) -> str:
    names = {
        "rocAuc": "ROC AUC",
        "averagePrecision": "average precision",
        "brier": "Brier",
        "brierSkill": "Brier skill",
        "logLoss": "log loss",
    }
    rows = [(part, *(f"{values[name]:.4f}" for name in names)) for part, values in metrics["parts"].items()]
    return _table(("part", *names.values()), rows)


def _inputs(spec: Spec, manifest: dict[str, Any]) -> str:
    read = {entry["name"] for entry in manifest["inputs"]}
    rows = [
        (f"`{column.name}`", str(column.type), "yes" if column.required else "", column.description)
        for column in spec.readable.values()
        if column.name in read
    ]
    return _table(("column", "type", "required", "meaning"), rows)


def _origin(manifest: dict[str, Any], metrics: dict[str, Any]) -> str:
    settings = ", ".join(f"{name} {value}" for name, value in metrics["hyperparameters"].items())
    hashes = {name: value for name, value in manifest["hashes"].items() if isinstance(value, str)}
    lines = [f"- {name}: `{value}`" for name, value in hashes.items()]
    return (
        f"Settings: {settings}; {metrics['bestRound']} of {metrics['rounds']} rounds kept.\n\n"
        + "\n".join(lines)
    )


def _table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [header, tuple("---" for _ in header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
