"""
The search space of all algorithms, in Optuna's terms. A parameter is named for its algorithm: `xgboost.eta`.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import optuna

from perennial_tabular.algorithm import Algorithm, Dimension

# Which algorithm a trial fits; asked where there are several.
CHOICE = "algorithm"


def ask(trial: optuna.Trial, algorithms: Sequence[Algorithm]) -> Algorithm:
    """
    The algorithm and the hyperparameters that the trial is to try; those outside the space are the spec's.
    """
    algorithm = algorithms[0]
    if len(algorithms) > 1:
        place = trial.suggest_categorical(CHOICE, list(range(len(algorithms))))
        algorithm = algorithms[place]
    suggested = {
        name: _suggested(trial, _named(algorithm, name), dimension)
        for name, dimension in algorithm.space.items()
    }
    return replace(algorithm, hyperparameters=algorithm.hyperparameters | suggested)


def _suggested(trial: optuna.Trial, name: str, dimension: Dimension) -> int | float:
    if dimension.type == "choice":
        value: int | float = trial.suggest_categorical(name, dimension.values)
        return value
    if dimension.type == "int":
        return trial.suggest_int(name, int(dimension.min), int(dimension.max), log=dimension.log)
    return trial.suggest_float(name, dimension.min, dimension.max, log=dimension.log)


def chosen(params: dict[str, Any], algorithms: Sequence[Algorithm]) -> Algorithm:
    """The algorithm and the hyperparameters that the parameters of a trial stand for."""
    algorithm: Algorithm = algorithms[params.get(CHOICE, 0)]
    suggested = {
        name: params[_named(algorithm, name)] for name in algorithm.space if _named(algorithm, name) in params
    }
    return replace(algorithm, hyperparameters=algorithm.hyperparameters | suggested)


def distributions(
    params: dict[str, Any], algorithms: Sequence[Algorithm]
) -> dict[str, optuna.distributions.BaseDistribution]:
    """What the parameters of a trial were drawn from."""
    every: dict[str, optuna.distributions.BaseDistribution] = {
        _named(algorithm, name): _distribution(dimension)
        for algorithm in algorithms
        for name, dimension in algorithm.space.items()
    }
    every[CHOICE] = optuna.distributions.CategoricalDistribution(range(len(algorithms)))
    return {name: every[name] for name in params}


def _distribution(dimension: Dimension) -> optuna.distributions.BaseDistribution:
    if dimension.type == "choice":
        return optuna.distributions.CategoricalDistribution(dimension.values)
    if dimension.type == "int":
        return optuna.distributions.IntDistribution(int(dimension.min), int(dimension.max), dimension.log)
    return optuna.distributions.FloatDistribution(dimension.min, dimension.max, dimension.log)


def defaults_within(algorithms: Sequence[Algorithm], place: int) -> dict[str, Any]:
    """The spec's own hyperparameters of the algorithm at `place`, as far as they lie in its space."""
    algorithm = algorithms[place]
    inside = {
        _named(algorithm, name): algorithm.hyperparameters[name]
        for name, dimension in algorithm.space.items()
        if _holds(dimension, algorithm.hyperparameters[name])
    }
    return inside | ({CHOICE: place} if len(algorithms) > 1 else {})


def _holds(dimension: Dimension, value: float) -> bool:
    if dimension.type == "choice":
        return value in dimension.values
    return dimension.min <= value <= dimension.max


def _named(algorithm: Algorithm, name: str) -> str:
    return f"{algorithm.kind}.{name}"
