"""Runs a program that dies with whoever holds the other end of this process's standard input.

A parent that is killed outright cannot stop its children; the operating system closes its pipes all the same.
Usage: leash.py PROGRAM [ARGUMENT…]. Exits with the program's own code, or 128 + n for one ended by signal n.
"""

import os
import signal
import subprocess
import sys
import threading


def main() -> int:
    early: list[int] = []
    child: subprocess.Popen[bytes] | None = None

    def forward(number: int, _: object) -> None:
        if child is None:
            early.append(number)
        else:
            child.send_signal(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, forward)
    # Only the local cloud starts this, with a command of its own.
    child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)  # noqa: S603
    # A signal that came while the program was being started must not be lost.
    for number in early:
        child.send_signal(number)

    def follow_parent() -> None:
        while os.read(0, 4096):
            pass
        # The group is this process, the program and all that it started.
        os.killpg(os.getpgrp(), signal.SIGKILL)

    threading.Thread(target=follow_parent, daemon=True).start()
    code = child.wait()
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main())
