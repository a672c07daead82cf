"""
The source files as they lie there: names, hashes, and the hash over all of them that names the snapshot.
"""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from perennial_tabular.faults import Fault, InvalidInput, shown

CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class Snapshot:
    """Files as the data gate's report lists them, in order of their names."""

    sha256: str
    files: list[dict[str, Any]]

    @classmethod
    def of(cls, files: list[Path]) -> "Snapshot":
        """SHA-256 over the lines `<name>\\0<SHA-256 of the file's bytes>\\n` in order of the names."""
        listed = [
            {"name": file.name, "sha256": _sha256(file), "bytes": file.stat().st_size}
            for file in sorted(files, key=lambda file: file.name)
        ]
        lines = "".join(f"{file['name']}\0{file['sha256']}\n" for file in listed)
        return cls(hashlib.sha256(lines.encode()).hexdigest(), listed)


@dataclass(frozen=True)
class Asked:
    """What the job's environment asks of the files."""

    # For which day their age is told; never that of the machine's clock.
    as_of: date | None
    # The snapshot that they have to be; None: whatever lies there.
    snapshot_sha256: str | None

    @classmethod
    def of(cls, environment: Mapping[str, str] = os.environ) -> "Asked":
        """
        Reads `PERENNIAL_AS_OF` (a day or a moment in UTC) and `PERENNIAL_SNAPSHOT`; empty is as good as
        absent.

        Raises:
            InvalidInput: the former is no day.
        """
        as_of = environment.get("PERENNIAL_AS_OF", "")
        try:
            day = date.fromisoformat(as_of[:10]) if as_of else None
        except ValueError as error:
            expected = "expected a moment such as 2026-01-31T02:00:00Z"
            raise InvalidInput(
                "environment", [Fault("PERENNIAL_AS_OF", f"given {shown(as_of)}; {expected}")]
            ) from error
        return cls(day, environment.get("PERENNIAL_SNAPSHOT") or None)

    def check(self, snapshot: Snapshot, *, is_age_asked: bool) -> None:
        """
        Raises:
            InvalidInput: the files aren't the snapshot that was asked for, or the day is unknown where it
            is needed.
        """
        faults = []
        if self.snapshot_sha256 not in (None, snapshot.sha256):
            faults.append(
                Fault(
                    "PERENNIAL_SNAPSHOT",
                    f"the job was asked for {self.snapshot_sha256}, its files are {snapshot.sha256}; "
                    "point the input `raw` at the snapshot's folder",
                )
            )
        if is_age_asked and self.as_of is None:
            faults.append(
                Fault(
                    "PERENNIAL_AS_OF", "not set; the spec sets checks.freshnessDays, so the day must be given"
                )
            )
        if faults:
            raise InvalidInput("environment", faults)


def _sha256(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as content:
        while chunk := content.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
