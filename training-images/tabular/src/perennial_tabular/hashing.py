"""Hashes over files and texts, each reproducible with `sha256sum`."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path


def sha256_of_file(path: Path) -> str:
    """SHA-256 of the file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def sha256_of_files(files: Iterable[Path], root: Path) -> str:
    """
    Hash over several files: their names below `root` and their contents, whatever order they come in.

    The same as `sha256sum FILES | sha256sum`, the files in order of their names.
    """
    named = sorted((path.relative_to(root).as_posix(), path) for path in files)
    return sha256_of_listing({name: sha256_of_file(path) for name, path in named})


def sha256_of_listing(hashes: Mapping[str, str]) -> str:
    """SHA-256 of the lines that `sha256sum` would print for these names and hashes, in the order given."""
    return hashlib.sha256(
        "".join(f"{value}  {name}\n" for name, value in hashes.items()).encode()
    ).hexdigest()


def sha256_of_json(value: object) -> str:
    """SHA-256 of `value` as JSON with sorted keys and no spaces."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def sha256_of_code() -> str:
    """Hash over this package's own Python files."""
    package = Path(__file__).parent
    return sha256_of_files(package.rglob("*.py"), package)
