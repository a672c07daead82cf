"""Judging a trial: the loss on rows of its own, round by round."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import numpy as np

from perennial_tabular.algorithm import Algorithm, AlgorithmKind
from perennial_tabular.candidates import problem_of
from perennial_tabular.learners import learner_of
from perennial_tabular.learners.learner import Labelled, Problem
from perennial_tabular.losses import LOSS_NAMES
from perennial_tabular.rows import Places
from perennial_tabular.spec import Spec
from perennial_tabular.task import Task

# As many folds are fitted at once. It changes the time and nothing else: a fold doesn't know of the others.
THREADS = 2
PATIENCE = ("early_stopping_rounds", "early_stopping_round")
ROUNDS = ("num_round", "num_iterations")


def objective_of(task: Task) -> str:
    """Name of what trials are judged by."""
    return f"search/{LOSS_NAMES[task.kind]}"


class Judging:
    """
    Judges algorithms over `folds` folds of `train` by the rows' places, or, with fewer than two, on
    `validation`.
    """

    def __init__(self, spec: Spec, train: Labelled, validation: Labelled, places: Places, folds: int) -> None:
        self._spec = spec
        self._parts: list[tuple[Labelled, Labelled]] = [(train, validation)]
        if folds > 1:
            fold = np.minimum((places * folds).astype(np.int64), folds - 1)
            self._parts = [(train.at(fold != one), train.at(fold == one)) for one in range(folds)]
        self._problems: dict[AlgorithmKind, list[Problem]] = {}

    def losses(self, algorithm: Algorithm) -> Iterator[float]:
        """
        Mean loss over the folds after each round, until the algorithm's rounds are done or the mean hasn't
        improved for as many rounds as it is patient.
        """
        settings = algorithm.hyperparameters
        patience = next((int(settings[name]) for name in PATIENCE if name in settings), 0)
        # Each fold goes on until all of them stop together.
        endless = {
            name: settings[rounds] for name, rounds in zip(PATIENCE, ROUNDS, strict=True) if name in settings
        }
        learner = learner_of(algorithm.kind)
        runs = [learner.losses(problem, settings | endless) for problem in self._problems_of(algorithm)]
        best, since = np.inf, 0
        with ExitStack() as stack:
            pool = stack.enter_context(ThreadPoolExecutor(THREADS)) if len(runs) > 1 else None
            while (values := _next(runs, pool)) is not None:
                mean = sum(values) / len(values)
                yield mean
                best, since = (mean, 0) if mean < best else (best, since + 1)
                if since >= patience > 0:
                    return

    def _problems_of(self, algorithm: Algorithm) -> Sequence[Problem]:
        if algorithm.kind not in self._problems:
            self._problems[algorithm.kind] = [
                problem_of(self._spec, algorithm, train, judged)[0] for train, judged in self._parts
            ]
        return self._problems[algorithm.kind]


def _next(runs: Sequence[Iterator[float]], pool: ThreadPoolExecutor | None) -> list[float] | None:
    """Each fold's next loss; None once one has no more."""
    if pool is None:
        found = [next(run, None) for run in runs]
    else:
        found = list(pool.map(lambda run: next(run, None), runs))
    values = [value for value in found if value is not None]
    return values if len(values) == len(runs) else None
