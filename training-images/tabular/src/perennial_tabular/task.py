"""What is predicted: one of two outcomes, one of several in an order, or a quantity."""

from dataclasses import dataclass
from typing import Any, ClassVar, Literal


@dataclass(frozen=True)
class TargetClass:
    """One outcome: the levels of the target that mean it, and its probability before anything was trained."""

    name: str
    levels: tuple[str, ...]
    prior: float


@dataclass(frozen=True)
class BinaryTask:
    """One of two outcomes. Label 0 is the negative class, 1 the positive one."""

    kind: ClassVar[Literal["binary"]] = "binary"
    target: str
    classes: tuple[TargetClass, TargetClass]
    outcome: str
    # One of the two: the share of calibration rows to flag, or the metric ("f1") that is largest there.
    flagged_share: float | None
    maximise: str | None


@dataclass(frozen=True)
class MulticlassTask:
    """One of several outcomes. The label is the class's place in `classes`, from 0."""

    kind: ClassVar[Literal["multiclass"]] = "multiclass"
    target: str
    classes: tuple[TargetClass, ...]


@dataclass(frozen=True)
class RegressionTask:
    """A quantity. The label is its value."""

    kind: ClassVar[Literal["regression"]] = "regression"
    target: str
    unit: str
    min: float
    max: float
    coverage: float
    median: float
    lower: float
    upper: float
    # There are none; so that whoever counts classes need not ask first.
    classes: ClassVar[tuple[TargetClass, ...]] = ()


Task = BinaryTask | MulticlassTask | RegressionTask


def task_of(raw: dict[str, Any]) -> Task:
    """The spec's `task`, which has passed its contract."""
    if raw["kind"] == "binary":
        negative = TargetClass("negative", tuple(raw["negative"]), 1 - raw["prior"])
        positive = TargetClass("positive", tuple(raw["positive"]), raw["prior"])
        threshold = raw["threshold"]
        return BinaryTask(
            raw["target"],
            (negative, positive),
            raw["outcome"],
            threshold.get("flaggedShare"),
            threshold.get("maximise"),
        )
    if raw["kind"] == "multiclass":
        classes = (TargetClass(one["name"], tuple(one["levels"]), one["prior"]) for one in raw["classes"])
        return MulticlassTask(raw["target"], tuple(classes))
    prior = raw["prior"]
    return RegressionTask(
        raw["target"],
        raw["unit"],
        raw["min"],
        raw["max"],
        raw["coverage"],
        prior["median"],
        prior["lower"],
        prior["upper"],
    )
