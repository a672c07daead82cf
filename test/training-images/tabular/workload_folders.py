"""The workloads as they lie in `workloads/`, their variants too, found and not named."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[3]
WORKLOADS = REPOSITORY / "workloads"
EMIT = """
const specs = await Promise.all(process.argv.slice(1).map(async (path) => (await import(path)).default));
process.stdout.write(JSON.stringify(specs));
"""


@dataclass(frozen=True)
class Workload:
    """A workload's folder, or a variant in it."""

    name: str
    folder: Path
    module: Path

    @property
    def spec(self) -> dict[str, Any]:
        """The spec as `spec.json` holds it, defaults filled in."""
        return _emitted()[self.module]

    @property
    def data(self) -> Path:
        """The first data file."""
        return self.folder / str(self.spec["source"]["path"])

    def write_spec(self, target: Path) -> None:
        """Lays out what the jobs' channel `spec` holds: the spec, and its queries by fixed names."""
        target.mkdir(parents=True)
        (target / "spec.json").write_text(json.dumps(self.spec), "utf-8")
        source = self.spec["source"]
        queries = {"features.sql": source["features"]}
        if "rows" in source:
            queries["rows.sql"] = source["rows"]["sql"]
        for entity in self.spec["entities"]:
            queries[f"entities/{entity}.sql"] = f"entities/{entity}.sql"
        for name, path in queries.items():
            (target / name).parent.mkdir(exist_ok=True)
            shutil.copy(self.folder / path, target / name)

    def processing_folder(self, root: Path) -> Path:
        """Lays out the inputs of a processing job on the workload's own data below `root`."""
        inputs = root / "processing/input"
        (inputs / "raw").mkdir(parents=True)
        self.write_spec(inputs / "spec")
        shutil.copy(self.data, inputs / "raw")
        return root


@cache
def workloads() -> tuple[Workload, ...]:
    """Every workload and every variant, in order of their names."""
    return tuple(sorted(_found(), key=lambda workload: workload.name))


def workload(name: str) -> Workload:
    return next(one for one in workloads() if one.name == name)


def _found() -> Iterator[Workload]:
    for module in WORKLOADS.glob("*/workload.ts"):
        yield Workload(module.parent.name, module.parent, module)
    for module in WORKLOADS.glob("*/variants/*.ts"):
        folder = module.parents[1]
        yield Workload(f"{folder.name}-{module.stem}", folder, module)


@cache
def _emitted() -> dict[Path, dict[str, Any]]:
    modules = [workload.module for workload in workloads()]
    node = REPOSITORY / "node_modules/.bin/node"
    emitted = subprocess.run(  # noqa: S603 - the repository's own files
        [node, "--input-type=module", "--eval", EMIT, *modules], capture_output=True, check=True
    )
    return dict(zip(modules, json.loads(emitted.stdout), strict=True))
