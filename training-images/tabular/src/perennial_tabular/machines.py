"""The machines of a training job: who they are, whose rows are whose, and how they fit one model together."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from perennial_tabular.checkpoints import Checkpoints
from perennial_tabular.faults import Fault, InvalidInput
from perennial_tabular.hyperparameters import Plan
from perennial_tabular.layout import TrainingLayout
from perennial_tabular.learners import learner_of
from perennial_tabular.learners.learner import Labelled
from perennial_tabular.meeting import Meeting
from perennial_tabular.rows import Places
from perennial_tabular.watch import Watch, end_process

# Enough steps in [0, 1) for equal shares whatever the number of machines.
STEPS = 2**20


@dataclass(frozen=True)
class Machines:
    """
    The hosts of the job in their order, and which of them this is. The first one writes the model. `message`
    is where a machine says that it has lost another one.
    """

    hosts: tuple[str, ...]
    place: int
    message: Path

    @classmethod
    def read(cls, layout: TrainingLayout) -> "Machines":
        """
        As `resourceconfig.json` says; without it there is one machine.

        Raises:
            InvalidInput: it isn't JSON, or doesn't name this host among the hosts.
        """
        path = layout.machines
        if not path.is_file():
            return cls(("localhost",), 0, layout.message)
        try:
            content = json.loads(path.read_text("utf-8"))
            hosts = tuple(sorted(content["hosts"]))
            return cls(hosts, hosts.index(content["current_host"]), layout.message)
        except (ValueError, KeyError, TypeError) as error:
            expected = "expected JSON with hosts and, among them, current_host"
            raise InvalidInput(path.name, [Fault("", f"{expected}: {error}")]) from error

    @property
    def is_first(self) -> bool:
        return self.place == 0

    @property
    def are_several(self) -> bool:
        return len(self.hosts) > 1

    def check(self, plan: Plan) -> None:
        """
        Checks that several machines can do what is planned.

        Raises:
            InvalidInput: they can't; one machine could.
        """
        if not self.are_several:
            return
        single = "needs one machine; expected training.instanceCount 1"
        faults = [
            Fault("algorithms", f"{one.kind} {single}")
            for one in plan.algorithms
            if not learner_of(one.kind).can_shard
        ]
        if len(plan.algorithms) > 1:
            faults.append(Fault("algorithms", f"comparing several {single}"))
        if plan.searches:
            faults.append(Fault("search", f"a search inside the job {single}"))
        if faults:
            raise InvalidInput("spec.json", faults)

    def share(self, rows: Labelled, places: Places) -> Labelled:
        """This machine's rows: by the hash of their key, so that every row is one machine's."""
        if not self.are_several:
            return rows
        # Rows that were invented to balance classes have no key.
        invented = np.arange(len(rows.labels) - len(places)) / STEPS
        steps = (np.concatenate([places, invented]) * STEPS).astype(np.int64)
        return rows.at(steps % len(self.hosts) == self.place)

    @contextmanager
    def joined(self) -> Iterator[None]:
        """
        Within it, XGBoost adds up over all machines. They have to do the same steps in the same order. Where
        one of them goes, the processes of the others end.
        """
        if not self.are_several:
            yield
            return
        watch = Watch(partial(end_process, self.message))
        with Meeting.of(self.hosts).joined(self.place, watch):
            yield


class SharedCheckpoints(Checkpoints):
    """The first machine's checkpoints: it writes them, and tells the others where to go on."""

    def __init__(self, own: Checkpoints, machines: Machines) -> None:
        super().__init__(own.folder, own.identity, own.series)
        self._machines = machines

    def save(self, step: int, content: Any) -> None:  # noqa: ANN401 - any JSON
        if self._machines.is_first:
            super().save(step, content)

    def latest(self) -> Any:  # noqa: ANN401 - any JSON
        found = super().latest() if self._machines.is_first else None
        if not self._machines.are_several:
            return found
        from xgboost import collective

        return json.loads(collective.broadcast(json.dumps(found), 0))
