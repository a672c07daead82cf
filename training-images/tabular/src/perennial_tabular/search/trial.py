"""What was tried, and what was kept of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from perennial_tabular.algorithm import Algorithm

State = Literal["complete", "pruned", "failed"]


@dataclass(frozen=True)
class Trial:
    """One setting that was tried: the algorithm with all its hyperparameters."""

    number: int
    algorithm: Algorithm
    state: State
    values: tuple[tuple[int, float], ...]
    """The objective after each step, as far as it went; empty where the algorithm has no rounds."""
    value: float | None
    """The objective at the end; None where there is none."""
    reason: str | None
    """Why it was pruned or failed."""
    seconds: float


@dataclass(frozen=True)
class Comparison:
    """Trials of one objective, in order of their numbers, and the number of the best."""

    objective: str
    is_higher_better: bool
    trials: tuple[Trial, ...]
    best_number: int

    @classmethod
    def of(cls, objective: str, trials: Sequence[Trial], *, is_higher_better: bool) -> "Comparison":
        """The best is the first of equals; one trial at least has a value."""
        ended = [(trial.value, trial.number) for trial in trials if trial.value is not None]
        best = min(ended, key=lambda one: (-one[0] if is_higher_better else one[0], one[1]))
        return cls(objective, is_higher_better, tuple(trials), best[1])

    @property
    def best(self) -> Algorithm:
        return self.trials[self.best_number].algorithm
