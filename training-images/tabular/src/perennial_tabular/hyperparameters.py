"""What the job is to fit: the spec's algorithms with the job's own hyperparameters on top."""

import json
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from perennial_tabular import contracts
from perennial_tabular.algorithm import Algorithm
from perennial_tabular.faults import Fault, InvalidInput, shown
from perennial_tabular.spec import Spec

SUBJECT = "hyperparameters.json"
# Names that aren't an algorithm's: which one to fit, and whether to search.
ALGORITHM, SEARCH = "algorithm", "search"
FLAGS = {"true": True, "false": False}


@dataclass(frozen=True)
class Plan:
    """The algorithms to fit, and whether to search better hyperparameters of them first."""

    algorithms: tuple[Algorithm, ...]
    searches: bool

    def document(self) -> dict[str, Any]:
        """What of it decides the model."""
        return {
            "algorithms": [
                {"kind": one.kind, "hyperparameters": one.hyperparameters} for one in self.algorithms
            ],
            "search": self.searches,
        }


def read_plan(path: Path, spec: Spec) -> Plan:
    """
    The spec's algorithms, replaced where `path` (optional, a JSON object of texts) says so.

    `algorithm` names the only one to fit; otherwise all are, and other names are hyperparameters of the
    first. One that is given is not searched. `search` ("true" or "false") asks for a search inside this job.

    Raises:
        InvalidInput: every unknown name, text that is no number and value out of range, with the range.
    """
    # SageMaker's tuning jobs add names of their own, such as _tuning_objective_metric.
    given = {name: text for name, text in _read(path).items() if not name.startswith("_")}
    faults: list[Fault] = []
    algorithms = _chosen(given.pop(ALGORITHM, None), spec, faults)
    searches = _searches(given.pop(SEARCH, None), spec, faults)
    first = algorithms[0]
    domain = _domain(first.kind)
    values = dict(first.hyperparameters)
    for name, text in sorted(given.items()):
        if name not in domain:
            known = ", ".join([*domain, ALGORITHM, SEARCH])
            faults.append(Fault(name, f"unknown; expected some of {known}"))
            continue
        value = _number(text, domain[name])
        if value is None or contracts.faults_of(domain[name], value):
            faults.append(Fault(name, f"given {shown(text)}; expected {_range(domain[name])}"))
        else:
            values[name] = value
    if faults:
        raise InvalidInput(SUBJECT, faults)
    space = {name: dimension for name, dimension in first.space.items() if name not in given}
    return Plan((replace(first, hyperparameters=values, space=space), *algorithms[1:]), searches)


def _read(path: Path) -> dict[str, Any]:
    try:
        given = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    except ValueError as error:
        raise InvalidInput(SUBJECT, [Fault("", f"expected JSON: {error}")]) from error
    if not isinstance(given, dict):
        raise InvalidInput(SUBJECT, [Fault("", f"given {shown(given)}; expected an object of texts")])
    return given


def _chosen(kind: object, spec: Spec, faults: list[Fault]) -> tuple[Algorithm, ...]:
    if kind is None:
        return spec.algorithms
    chosen = tuple(one for one in spec.algorithms if one.kind == kind)
    if not chosen:
        known = ", ".join(one.kind for one in spec.algorithms)
        faults.append(Fault(ALGORITHM, f"given {shown(kind)}; expected one of the spec's: {known}"))
    return chosen[:1] or spec.algorithms


def _searches(text: object, spec: Spec, faults: list[Fault]) -> bool:
    if text is not None and text not in FLAGS:
        faults.append(Fault(SEARCH, f'given {shown(text)}; expected "true" or "false"'))
    # A tuning job searches by starting this job many times.
    if spec.search is None or spec.search.engine != "job":
        return False
    return FLAGS[str(text)] if text in FLAGS else spec.search.run == "always"


def _domain(kind: str) -> dict[str, Any]:
    """JSON Schema of each hyperparameter of an algorithm."""
    for one in contracts.schema("workload")["properties"]["algorithms"]["items"]["oneOf"]:
        if one["properties"]["kind"]["const"] == kind:
            domain: dict[str, Any] = one["properties"]["hyperparameters"]["properties"]
            return domain
    raise KeyError(kind)


def _number(text: object, schema: dict[str, Any]) -> int | float | None:
    """The number that SageMaker's text stands for; a tuning job writes whole numbers as "3" or "3.0"."""
    if not isinstance(text, str):
        return None
    try:
        value = float(text)
    except ValueError:
        return None
    if not math.isfinite(value):
        return None
    return int(value) if schema["type"] == "integer" and value.is_integer() else value


def _range(schema: dict[str, Any]) -> str:
    kind = "a whole number" if schema["type"] == "integer" else "a number"
    low = f"from {schema['minimum']}" if "minimum" in schema else f"above {schema['exclusiveMinimum']}"
    return f"{kind} {low} to {schema['maximum']}, as text"
