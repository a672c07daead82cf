"""What the owner of a job can correct, as opposed to a bug."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

LONGEST_SHOWN = 80


@dataclass(frozen=True)
class Fault:
    """
    Something wrong with one place of an input: a dotted path or a column, and what is given and
    expected there.
    """

    path: str
    message: str


class InvalidInput(Exception):
    """
    The job was given data or settings that its owner can correct. The message lists every fault, one a
    line.
    """

    def __init__(self, subject: str, faults: Sequence[Fault]) -> None:
        lines = [f"  {fault.path or '(root)'}: {fault.message}" for fault in faults]
        count = f"{len(faults)} fault{'' if len(faults) == 1 else 's'}"
        super().__init__("\n".join([f"{subject} is refused, {count}:", *lines]))
        self.faults = tuple(faults)


def shown(value: object) -> str:
    """`value` as JSON, cut where it is long."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"
