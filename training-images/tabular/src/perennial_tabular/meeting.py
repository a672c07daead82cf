"""
Where the machines of a training job meet: the first of them, which runs XGBoost's tracker. The others ask it
where that is, and stay connected to it while they fit together.
"""

import logging
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from perennial_tabular.watch import Watch, read_word, send_word

log = logging.getLogger(__name__)

# SageMaker opens every port between the machines of a job.
PORT = 9331
# To come: the others may still be reading their rows.
TIMEOUT_SECONDS = 1800
# To leave: all have done the last step together.
LEAVING_SECONDS = 120
KNOCK_SECONDS = 0.2
# For a word, once connected.
ANSWER_SECONDS = 60


class NobodyMet(Exception):
    """The first machine didn't answer in time."""


@dataclass(frozen=True)
class Meeting:
    """The first machine's address, and the hosts that come, the first one first."""

    address: str
    port: int
    hosts: tuple[str, ...]

    @classmethod
    def of(cls, hosts: tuple[str, ...]) -> "Meeting":
        """As the environment says; otherwise on the first host."""
        address = os.environ.get("PERENNIAL_MEETING_HOST") or hosts[0]
        return cls(address, int(os.environ.get("PERENNIAL_MEETING_PORT") or PORT), hosts)

    @contextmanager
    def joined(self, place: int, watch: Watch) -> Iterator[None]:
        """
        What every machine does: within it XGBoost adds up over all of them, and `watch` follows the machines
        that this one is connected to. Its end is the watch's.

        Raises:
            NobodyMet: the first machine doesn't answer.
        """
        try:
            with (
                self._held(watch) if place == 0 else self._found(place, watch) as tracker,
                self._attended(place, tracker),
            ):
                yield
        except BaseException:
            watch.leave(in_order=False)
            raise
        watch.leave(in_order=True)

    @contextmanager
    def _held(self, watch: Watch) -> Iterator[int]:
        """
        What the first machine does: within it all machines can join the tracker, whose port it gives, and it
        ends after they have left.

        A machine that leaves tells the tracker. If that were gone already, it would ask for it again and
        again in place of ending its job.
        """
        from xgboost.core import XGBoostError
        from xgboost.tracker import RabitTracker

        tracker = RabitTracker(len(self.hosts), self.address, sortby="task", timeout=TIMEOUT_SECONDS)
        tracker.start()
        port = int(tracker.worker_args()["dmlc_tracker_port"])
        try:
            with self._answered(port, watch):
                yield port
                tracker.wait_for(LEAVING_SECONDS)
        except BaseException:
            # What ended the fit is to be told, not that the tracker was broken off.
            with suppress(XGBoostError):
                tracker.free()
            raise
        tracker.free()

    @contextmanager
    def _answered(self, tracker: int, watch: Watch) -> Iterator[None]:
        """Within it, the other machines are told the tracker's port, and followed."""
        door = socket.create_server((self.address, self.port))
        thread = threading.Thread(target=self._answer, args=(door, tracker, watch), daemon=True)
        thread.start()
        try:
            yield
        finally:
            # Wakes who waits at it; some systems need the one, some the other.
            with suppress(OSError):
                door.shutdown(socket.SHUT_RDWR)
            door.close()
            thread.join()

    def _answer(self, door: socket.socket, tracker: int, watch: Watch) -> None:
        while True:
            try:
                connection, _ = door.accept()
            except ConnectionAbortedError:
                # Who knocked didn't wait.
                continue
            except OSError:
                return
            connection.settimeout(ANSWER_SECONDS)
            try:
                host = read_word(connection)
                if host not in self.hosts:
                    raise ConnectionError(f"{host} is not among the hosts")
                send_word(connection, str(tracker))
            except OSError as error:
                log.warning("Somebody knocked who is no machine of the job: %s.", error)
                connection.close()
                continue
            connection.settimeout(None)
            watch.follow(host, connection)

    @contextmanager
    def _found(self, place: int, watch: Watch) -> Iterator[int]:
        """What the other machines do: they knock until the first one tells the tracker's port."""
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while True:
            try:
                connection, tracker = self._ask(self.hosts[place])
            except OSError as error:
                if time.monotonic() > deadline:
                    raise NobodyMet(
                        f"{self.address}:{self.port} did not answer within {TIMEOUT_SECONDS} s; "
                        "see the log of the first host"
                    ) from error
                time.sleep(KNOCK_SECONDS)
            else:
                break
        watch.follow(self.hosts[0], connection)
        yield tracker

    def _ask(self, own: str) -> tuple[socket.socket, int]:
        connection = socket.create_connection((self.address, self.port), timeout=ANSWER_SECONDS)
        try:
            send_word(connection, own)
            tracker = int(read_word(connection))
        except BaseException:
            connection.close()
            raise
        connection.settimeout(None)
        return connection, tracker

    @contextmanager
    def _attended(self, place: int, tracker: int) -> Iterator[None]:
        """Within it XGBoost adds up over all machines."""
        from xgboost import collective

        with collective.CommunicatorContext(
            dmlc_tracker_uri=self.address,
            dmlc_tracker_port=tracker,
            dmlc_task_id=f"{place:05d}",
            dmlc_timeout=TIMEOUT_SECONDS,
            # Everybody has been told where the tracker is: one that doesn't answer has gone.
            dmlc_retry=1,
        ):
            yield
