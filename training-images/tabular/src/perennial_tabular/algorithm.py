"""What fits a model, and where a search looks for better hyperparameters."""

from dataclasses import dataclass
from typing import Any, Literal

AlgorithmKind = Literal["xgboost", "lightgbm", "randomForest", "linear"]
Hyperparameters = dict[str, int | float]


@dataclass(frozen=True)
class Dimension:
    """Values that a search tries of one hyperparameter: those from `min` to `max`, or one of `values`."""

    type: Literal["int", "float", "choice"]
    min: float = 0
    max: float = 0
    log: bool = False
    values: tuple[int | float, ...] = ()


@dataclass(frozen=True)
class Algorithm:
    """By the names of the library's own parameters."""

    kind: AlgorithmKind
    hyperparameters: Hyperparameters
    space: dict[str, Dimension]

    @classmethod
    def of(cls, raw: dict[str, Any]) -> "Algorithm":
        space = {
            name: Dimension(
                one["type"],
                one.get("min", 0),
                one.get("max", 0),
                one.get("log", False),
                tuple(one.get("values", ())),
            )
            for name, one in raw["space"].items()
        }
        return cls(raw["kind"], dict(raw["hyperparameters"]), space)


@dataclass(frozen=True)
class Pruning:
    """Successive halving: a trial runs at least `min_rounds`, then one in `reduction_factor` goes on."""

    min_rounds: int
    reduction_factor: int


@dataclass(frozen=True)
class Search:
    """How hyperparameters are searched. No trial is judged on holdout or audit rows."""

    run: Literal["always", "on-request"]
    engine: Literal["job", "tuning-job"]
    strategy: Literal["bayesian", "hyperband"]
    trials: int
    minutes: float
    # Folds of the training rows, by group, that judge a trial; 0: the validation part does.
    folds: int
    pruning: Pruning | None
    seed: int

    @classmethod
    def of(cls, raw: dict[str, Any]) -> "Search":
        pruning = raw["pruning"]
        return cls(
            run=raw["run"],
            engine=raw["engine"],
            strategy=raw["strategy"],
            trials=raw["trials"],
            minutes=raw["minutes"],
            folds=raw["folds"],
            pruning=Pruning(pruning["minRounds"], pruning["reductionFactor"]) if pruning else None,
            seed=raw["seed"],
        )
