"""The spec's hyperparameters with the job's own on top."""

import json
from pathlib import Path
from typing import Any

from perennial_tabular import contracts
from perennial_tabular.faults import Fault, InvalidInput, shown
from perennial_tabular.spec import Spec

Hyperparameters = dict[str, int | float]
SUBJECT = "hyperparameters.json"


def read_hyperparameters(path: Path, spec: Spec) -> Hyperparameters:
    """
    The spec's hyperparameters, replaced where `path` (optional, a JSON object of texts) names one.

    Raises:
        InvalidInput: every unknown name, text that is no number and value out of range, with the range.
    """
    defaults: Hyperparameters = spec.raw["algorithm"]["hyperparameters"]
    try:
        given = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    except ValueError as error:
        raise InvalidInput(SUBJECT, [Fault("", f"expected JSON: {error}")]) from error
    if not isinstance(given, dict):
        raise InvalidInput(SUBJECT, [Fault("", f"given {shown(given)}; expected an object of texts")])
    allowed = contracts.schema("workload")["properties"]["algorithm"]["properties"]["hyperparameters"][
        "properties"
    ]
    faults = []
    chosen = dict(defaults)
    for name, text in sorted(given.items()):
        if name not in allowed:
            faults.append(Fault(name, f"unknown; expected some of {', '.join(allowed)}"))
            continue
        value = _number(text)
        if value is None or contracts.faults_of(allowed[name], value):
            faults.append(Fault(name, f"given {shown(text)}; expected {_range(allowed[name])}"))
        else:
            chosen[name] = value
    if faults:
        raise InvalidInput(SUBJECT, faults)
    return chosen


def _number(text: object) -> int | float | None:
    """The number that SageMaker's text stands for."""
    if not isinstance(text, str):
        return None
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return None


def _range(schema: dict[str, Any]) -> str:
    kind = "a whole number" if schema["type"] == "integer" else "a number"
    low = f"from {schema['minimum']}" if "minimum" in schema else f"above {schema['exclusiveMinimum']}"
    return f"{kind} {low} to {schema['maximum']}, as text"
