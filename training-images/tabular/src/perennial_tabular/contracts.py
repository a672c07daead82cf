"""The contracts that TypeScript owns, as the JSON Schemas emitted from them."""

import json
from collections.abc import Iterable
from importlib import resources
from typing import Any, Literal

import jsonschema

from perennial_tabular.faults import Fault, InvalidInput, shown

Contract = Literal["workload", "manifest", "prepared", "baseline", "gate", "profile"]


def schema(contract: Contract) -> dict[str, Any]:
    """The JSON Schema of `contract`."""
    text = (resources.files("perennial_tabular") / "schemas" / f"{contract}.schema.json").read_text("utf-8")
    parsed: dict[str, Any] = json.loads(text)
    return parsed


def check(contract: Contract, value: object, subject: str) -> None:
    """
    Checks `value` against `contract`.

    Raises:
        InvalidInput: with every fault; `subject` names the value as its owner knows it.
    """
    found = faults_of(schema(contract), value)
    if found:
        raise InvalidInput(subject, found)


def faults_of(json_schema: dict[str, Any], value: object) -> list[Fault]:
    """Every fault of `value` under `json_schema`, in order of place."""
    errors: Iterable[Any] = jsonschema.Draft202012Validator(json_schema).iter_errors(value)
    return [fault for error in sorted(errors, key=lambda error: error.json_path) for fault in _faults(error)]


def _faults(error: Any) -> list[Fault]:  # noqa: ANN401 - jsonschema has no types
    # Of a union, the branch that came furthest says more than "not valid under any of the schemas".
    if error.validator in ("anyOf", "oneOf") and error.context:
        best = jsonschema.exceptions.best_match([error])
        if best is not error:
            return _faults(best)
    path = ".".join(str(part) for part in error.absolute_path)
    given = (
        "" if error.validator in ("required", "additionalProperties") else f"given {shown(error.instance)}; "
    )
    return [Fault(path, f"{given}{_expected(error)}")]


def _expected(error: Any) -> str:  # noqa: ANN401 - jsonschema has no types
    limits = {
        "minimum": "at least",
        "maximum": "at most",
        "exclusiveMinimum": "above",
        "exclusiveMaximum": "below",
    }
    if error.validator in limits:
        return f"expected a number {limits[error.validator]} {error.validator_value}"
    if error.validator == "type":
        return f"expected {error.validator_value}"
    if error.validator == "pattern":
        return f"expected a text that matches {error.validator_value}"
    return str(error.message)
