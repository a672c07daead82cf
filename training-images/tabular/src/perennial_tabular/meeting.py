"""Where the machines of a training job meet: XGBoost's tracker, which the first of them runs."""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

# SageMaker opens every port between the machines of a job.
PORT = 9331
# To come: the others may still be reading their rows.
TIMEOUT_SECONDS = 1800
# To leave: all have done the last step together.
LEAVING_SECONDS = 120
KNOCK_SECONDS = 0.2


class NobodyMet(Exception):
    """The first machine didn't answer in time."""


@dataclass(frozen=True)
class Meeting:
    """The first machine's address, and how many machines come."""

    host: str
    port: int
    machines: int

    @classmethod
    def of(cls, hosts: tuple[str, ...]) -> "Meeting":
        """As the environment says; otherwise on the first host."""
        host = os.environ.get("PERENNIAL_TRACKER_HOST") or hosts[0]
        return cls(host, int(os.environ.get("PERENNIAL_TRACKER_PORT") or PORT), len(hosts))

    @contextmanager
    def held(self) -> Iterator[None]:
        """
        What the first machine does: within it all machines can join, and it ends after they have left.

        A machine that leaves tells the tracker. If that were gone already, it would ask for it again and
        again in place of ending its job.
        """
        from xgboost.core import XGBoostError
        from xgboost.tracker import RabitTracker

        tracker = RabitTracker(self.machines, self.host, self.port, sortby="task", timeout=TIMEOUT_SECONDS)
        tracker.start()
        try:
            yield
            tracker.wait_for(LEAVING_SECONDS)
        except BaseException:
            # What ended the fit is to be told, not that the tracker was broken off.
            with suppress(XGBoostError):
                tracker.free()
            raise
        tracker.free()

    @contextmanager
    def attended(self, place: int) -> Iterator[None]:
        """
        What every machine does: within it XGBoost adds up over all of them.

        Raises:
            NobodyMet: the first machine doesn't answer.
        """
        from xgboost import collective

        self._wait_for_tracker()
        with collective.CommunicatorContext(
            dmlc_tracker_uri=self.host,
            dmlc_tracker_port=self.port,
            dmlc_task_id=f"{place:05d}",
            dmlc_timeout=TIMEOUT_SECONDS,
        ):
            yield

    def _wait_for_tracker(self) -> None:
        """Knocks at short intervals; XGBoost's own pauses get longer, and one more follows each refusal."""
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while True:
            try:
                socket.create_connection((self.host, self.port), timeout=KNOCK_SECONDS * 10).close()
            except OSError as error:
                if time.monotonic() > deadline:
                    raise NobodyMet(
                        f"{self.host}:{self.port} did not answer within {TIMEOUT_SECONDS} s; "
                        "see the log of the first host"
                    ) from error
                time.sleep(KNOCK_SECONDS)
            else:
                return
