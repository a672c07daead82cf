"""The features once more, slow and plain: one record at a time, one feature after the other."""

import math
from typing import Any

import numpy as np

Record = dict[str, str | float | None]


def features_of(features: list[dict[str, Any]], record: Record) -> dict[str, float]:
    """Name and value of every column that `features` make of `record`, in float32 arithmetic."""
    values: dict[str, float] = {}
    for feature in features:
        values |= _values(feature, record, values)
    return values


# One branch per kind of feature is what makes the reference easy to check.
def _values(  # noqa: C901
    feature: dict[str, Any], record: Record, before: dict[str, float]
) -> dict[str, float]:
    name, kind = feature["name"], feature["kind"]
    if kind == "product":
        product = np.float32(1)
        for factor in feature["factors"]:
            product = product * np.float32(before[factor])
        return {name: float(product)}
    if kind == "sum":
        return {name: float(sum((_number(record[column]) for column in feature["columns"]), np.float32(0)))}
    if kind == "count":
        return {name: float(sum(record[column] in feature["levels"] for column in feature["columns"]))}
    if kind == "codeCount":
        groups = [_group(feature, record[column]) for column in feature["columns"]]
        return {f"{name}={group['name']}": float(groups.count(group["name"])) for group in feature["groups"]}
    if kind == "ratio":
        numerator, denominator = (
            _number(record[feature["numerator"]]),
            _number(record[feature["denominator"]]),
        )
        return {name: float(numerator / denominator) if denominator else math.nan}
    if kind == "difference":
        return {name: float(_number(record[feature["minuend"]]) - _number(record[feature["subtrahend"]]))}
    value = record[feature["column"]]
    if kind == "number":
        return {name: float(_number(value))}
    if kind == "log":
        shifted = _number(value) + np.float32(1)
        return {name: float(np.log(shifted)) if shifted > 0 else math.nan}
    if kind == "cycle":
        period = np.float32(feature["period"])
        return {name: float(np.mod(_number(value) + np.float32(feature["offset"]), period))}
    if kind == "ordinal":
        return {name: float(feature["order"].index(value)) if value in feature["order"] else math.nan}
    if kind == "oneHot":
        return {f"{name}={level}": float(value == level) for level in feature["levels"]}
    if kind == "indicator":
        return {name: float(value in feature["levels"])}
    if kind == "missing":
        return {name: float(value is None)}
    if kind == "codePrefix":
        return {name: float(value is not None and str(value).startswith(tuple(feature["prefixes"])))}
    assert kind == "codeGroup", kind  # noqa: S101
    names = [*(group["name"] for group in feature["groups"]), feature["other"]]
    group = None if value is None else _group(feature, value) or feature["other"]
    return {f"{name}={candidate}": float(candidate == group) for candidate in names}


def _group(feature: dict[str, Any], code: str | float | None) -> str | None:
    category = "" if code is None else str(code).split(".")[0]
    for group in feature["groups"]:
        if category.isdigit() and any(low <= int(category) <= high for low, high in group["ranges"]):
            return str(group["name"])
        if category[:1] in group["letters"]:
            return str(group["name"])
    return None


def _number(value: str | float | None) -> np.float32:
    return np.float32(math.nan if value is None else value)
