"""
Optuna inside the job: the same seed and history give the same next trial, so a search can be taken up
anywhere.
"""

import logging
import math
import time
from collections.abc import Sequence

import optuna

from perennial_tabular.algorithm import Algorithm, Search
from perennial_tabular.checkpoints import Checkpoints
from perennial_tabular.faults import Fault, InvalidInput
from perennial_tabular.learners.learner import Labelled
from perennial_tabular.rows import Places
from perennial_tabular.search.judging import Judging, objective_of
from perennial_tabular.search.record import Entry, entry_of, restored
from perennial_tabular.search.space import ask, defaults_within
from perennial_tabular.search.trial import Comparison, Trial
from perennial_tabular.spec import Spec

log = logging.getLogger(__name__)

SERIES = "trials"
LONGEST_REASON = 1000
# Where the spec asks for Hyperband and says nothing about pruning.
HYPERBAND_ROUNDS, HYPERBAND_REDUCTION = 10, 3


def search(
    spec: Spec,
    algorithms: Sequence[Algorithm],
    train: Labelled,
    validation: Labelled,
    places: Places,
    checkpoints: Checkpoints,
) -> Comparison:
    """
    Tries hyperparameters of all algorithms until the budget of trials or minutes is spent; the first trials
    are the spec's own hyperparameters.

    Trials are judged over folds of the training rows, by group, or on the validation rows. How many rounds
    are best is part of what is searched.

    Raises:
        InvalidInput: no trial came to an end; the first error is named.
    """
    settings = spec.search
    if settings is None:
        raise ValueError("the spec declares no search")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    judging = Judging(spec, train, validation, places, settings.folds)
    journal = checkpoints.of(SERIES)
    entries = [Entry.of(content) for content in journal.latest() or []]
    study = optuna.create_study(study_name=SERIES, pruner=_pruner(settings, algorithms))
    for entry in entries:
        study.add_trial(restored(entry, algorithms))
    if entries:
        log.info("Resuming the search after %d trials.", len(entries))
    while len(entries) < settings.trials and sum(one.seconds for one in entries) < 60 * settings.minutes:
        entries.append(_try(study, settings, algorithms, judging))
        journal.save(len(entries), [entry.content() for entry in entries])
        _say(entries, settings)
    return _comparison(spec, [_trial_of(number, one, algorithms) for number, one in enumerate(entries)])


def _try(study: optuna.Study, settings: Search, algorithms: Sequence[Algorithm], judging: Judging) -> Entry:
    number = len(study.get_trials(deepcopy=False))
    # A sampler for each trial: its random numbers don't depend on how many were drawn before in this process.
    study.sampler = optuna.samplers.TPESampler(seed=(settings.seed + number) % 2**32)
    if number < len(algorithms):
        study.enqueue_trial(defaults_within(algorithms, number))
    trial = study.ask()
    started = time.monotonic()
    state, reason = optuna.trial.TrialState.COMPLETE, None
    values: list[float] = []
    try:
        algorithm = ask(trial, algorithms)
        for step, value in enumerate(judging.losses(algorithm), 1):
            if not math.isfinite(value):
                raise ArithmeticError(f"the loss is {value} after {step} rounds")
            values.append(value)
            if _is_rung(step, settings):
                trial.report(value, step)
                if trial.should_prune():
                    state = optuna.trial.TrialState.PRUNED
                    reason = f"stopped after {step} rounds by successive halving"
                    break
    except Exception as error:
        log.warning("Trial %d failed.", number, exc_info=True)
        state, reason = optuna.trial.TrialState.FAIL, f"{type(error).__name__}: {error}"[:LONGEST_REASON]
    is_complete = state == optuna.trial.TrialState.COMPLETE
    study.tell(trial, min(values) if is_complete else None, state=state)
    told = study.get_trials(deepcopy=False)[number]
    return entry_of(told, values, reason, time.monotonic() - started)


def _rungs(settings: Search) -> tuple[int, int] | None:
    """Rounds of the first rung, and by how many times each further one is longer."""
    if settings.pruning:
        return settings.pruning.min_rounds, settings.pruning.reduction_factor
    return (HYPERBAND_ROUNDS, HYPERBAND_REDUCTION) if settings.strategy == "hyperband" else None


def _is_rung(step: int, settings: Search) -> bool:
    """
    Whether a pruner could decide at `step`. It is asked nowhere else: a report costs as much as a round of
    few rows.
    """
    rungs = _rungs(settings)
    if rungs is None:
        return False
    rung, factor = rungs
    while rung < step:
        rung *= factor
    return rung == step


def _pruner(settings: Search, algorithms: Sequence[Algorithm]) -> optuna.pruners.BasePruner:
    rungs = _rungs(settings)
    if rungs is None:
        return optuna.pruners.NopPruner()
    rounds, factor = rungs
    if settings.strategy == "hyperband":
        most = max(_most_rounds(algorithm) for algorithm in algorithms)
        return optuna.pruners.HyperbandPruner(rounds, max(most, rounds), factor)
    return optuna.pruners.SuccessiveHalvingPruner(rounds, factor)


def _most_rounds(algorithm: Algorithm) -> int:
    for name in ("num_round", "num_iterations"):
        if name in algorithm.space:
            dimension = algorithm.space[name]
            return int(max(dimension.values or (dimension.max,)))
        if name in algorithm.hyperparameters:
            return int(algorithm.hyperparameters[name])
    return 1


def _say(entries: Sequence[Entry], settings: Search) -> None:
    last, place = entries[-1], len(entries)
    shown = "none" if last.value is None else f"{last.value:.6f}"
    ended = [entry.value for entry in entries if entry.value is not None]
    best = f"{min(ended):.6f}" if ended else "none"
    log.info("Trial %d of %d %s, objective %s, best %s.", place, settings.trials, last.state, shown, best)
    if last.value is not None:
        log.info("metric name=trial_objective value=%.6f trial=%d", last.value, place - 1)


def _trial_of(number: int, entry: Entry, algorithms: Sequence[Algorithm]) -> Trial:
    values = tuple(enumerate(entry.values, 1)) if len(entry.values) > 1 else ()
    algorithm = entry.algorithm(algorithms)
    return Trial(number, algorithm, entry.state, values, entry.value, entry.reason, entry.seconds)


def _comparison(spec: Spec, trials: list[Trial]) -> Comparison:
    if all(trial.value is None for trial in trials):
        reasons = [trial.reason for trial in trials if trial.reason]
        first = reasons[0] if reasons else "there was no time for one"
        message = f"none of {len(trials)} trials came to an end; the first: {first}"
        raise InvalidInput("search", [Fault("trials", message)])
    found = Comparison.of(objective_of(spec.task), trials, is_higher_better=False)
    log.info("Trial %d of %d is the best.", found.best_number, len(trials))
    return found
