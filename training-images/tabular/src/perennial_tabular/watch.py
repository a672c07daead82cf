"""
Notices that another machine of the job has gone, whatever the main thread waits for.

XGBoost doesn't always: where its own thread has seen the end of a connection, it stops as soon as the next
operation is asked for, and that operation is waited for in C++ without end (3.2.0, `Loop::Block`). No timeout
and no signal handler of Python's reaches a thread there, and the instance would cost until the job's longest
run time.
"""

import logging
import os
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from perennial_tabular.ending import FAILED, say

log = logging.getLogger(__name__)

# For XGBoost's own error, which says more where it comes.
GRACE_SECONDS = 10.0
# The system asks after 30 quiet seconds, then every 10, three times: a machine whose network has vanished is
# noticed after a minute.
KEEPALIVE = {"TCP_KEEPIDLE": 30, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 3}
LEFT = "left"


class Watch:
    """
    Connections to other machines. Where one ends without a word and the watch goes on, `end` is called with
    what there is to say.
    """

    def __init__(self, end: Callable[[str], None]) -> None:
        self._end = end
        self._is_over = threading.Event()
        self._followed: list[tuple[socket.socket, threading.Thread]] = []

    def follow(self, host: str, connection: socket.socket) -> None:
        """From now on the end of `connection` is that of `host`."""
        keep_alive(connection)
        thread = threading.Thread(
            target=self._wait, args=(host, connection), name=f"watch-{host}", daemon=True
        )
        self._followed.append((connection, thread))
        thread.start()

    def leave(self, *, in_order: bool) -> None:
        """Ends the watch. The other machines take this one for lost unless it leaves in order."""
        self._is_over.set()
        for connection, thread in self._followed:
            # Who has left before doesn't listen any more.
            with suppress(OSError):
                if in_order:
                    send_word(connection, LEFT)
                connection.shutdown(socket.SHUT_RDWR)
            thread.join()
            connection.close()

    def _wait(self, host: str, connection: socket.socket) -> None:
        with suppress(OSError):
            if read_word(connection) == LEFT:
                return
        if self._is_over.is_set():
            return
        log.warning("%s has gone without a word.", host)
        if not self._is_over.wait(GRACE_SECONDS):
            self._end(
                f"The train job lost {host}, which went without a word while the machines fitted one model. "
                "Its own log says why; the last checkpoint holds what is done. Start it again to finish."
            )


def end_process(message: Path, said: str) -> None:
    """Says it where the job's owner looks, and ends the process from whichever thread."""
    say(message, said)
    log.error("%s", said)
    os._exit(FAILED)


def keep_alive(connection: socket.socket) -> None:
    """Lets the system ask the other end whether it is still there."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in KEEPALIVE.items():
        # Not every system has a name for all of them.
        if hasattr(socket, name):
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def send_word(connection: socket.socket, word: str) -> None:
    connection.sendall(f"{word}\n".encode())


def read_word(connection: socket.socket) -> str:
    """
    The next word, and nothing of what follows it.

    Raises:
        OSError: the connection ended before the word did.
    """
    read = b""
    while not read.endswith(b"\n"):
        piece = connection.recv(1)
        if not piece:
            raise ConnectionError("ended in the middle of a word")
        read += piece
    return read.decode(errors="replace").removesuffix("\n")
