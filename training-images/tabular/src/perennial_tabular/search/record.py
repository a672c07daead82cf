"""Trials as the checkpoint keeps them, and as Optuna takes them back."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import optuna

from perennial_tabular.algorithm import Algorithm
from perennial_tabular.search.space import chosen, distributions
from perennial_tabular.search.trial import State

STATES: dict[optuna.trial.TrialState, State] = {
    optuna.trial.TrialState.COMPLETE: "complete",
    optuna.trial.TrialState.PRUNED: "pruned",
    optuna.trial.TrialState.FAIL: "failed",
}


@dataclass(frozen=True)
class Entry:
    """A trial that has ended. `reports` and `attributes` are what Optuna remembers of it for later trials."""

    params: dict[str, Any]
    state: State
    values: list[float]
    value: float | None
    reason: str | None
    seconds: float
    reports: list[tuple[int, float]]
    attributes: dict[str, Any]

    @classmethod
    def of(cls, content: dict[str, Any]) -> "Entry":
        return cls(**content | {"reports": [(step, value) for step, value in content["reports"]]})

    def content(self) -> dict[str, Any]:
        return asdict(self)

    def algorithm(self, algorithms: Sequence[Algorithm]) -> Algorithm:
        return chosen(self.params, algorithms)


def entry_of(
    trial: optuna.trial.FrozenTrial, values: list[float], reason: str | None, seconds: float
) -> Entry:
    return Entry(
        dict(trial.params),
        STATES[trial.state],
        values,
        min(values) if trial.state == optuna.trial.TrialState.COMPLETE else None,
        reason,
        seconds,
        sorted(trial.intermediate_values.items()),
        dict(trial.system_attrs),
    )


def restored(entry: Entry, algorithms: Sequence[Algorithm]) -> optuna.trial.FrozenTrial:
    """The trial as it was when the search was interrupted."""
    states = {name: state for state, name in STATES.items()}
    return optuna.trial.create_trial(
        state=states[entry.state],
        value=entry.value,
        params=entry.params,
        distributions=distributions(entry.params, algorithms),
        intermediate_values=dict(entry.reports),
        system_attrs=entry.attributes,
    )
