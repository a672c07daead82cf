"""What a refused processing job leaves behind, read back."""

import json
from pathlib import Path
from typing import Any

from perennial_tabular.layout import ProcessingLayout
from perennial_tabular.preparing import prepare
from small_workload import files_of


def report(root: Path) -> dict[str, Any]:
    """The document `gate.json` of the finished job in `root`."""
    document: dict[str, Any] = json.loads((root / "processing/output/gate/gate.json").read_text("utf-8"))
    return document


def refused(root: Path) -> list[dict[str, Any]]:
    """
    Runs the processing job in `root`, which is to be refused: the checks that failed.

    Outside `gate/` it must have left nothing.
    """
    prepare(ProcessingLayout(root))
    assert sorted(files_of(root / "processing/output")) == [  # noqa: S101 - a test's own help
        "gate/gate.json",
        "gate/gate.md",
        "gate/profile.json",
    ]
    document = report(root)
    message = (root / "output/message").read_text("utf-8")
    assert message.startswith(f"refused {document['snapshotSha256']}: ")  # noqa: S101
    assert document["status"] == "refused"  # noqa: S101
    return [check for check in document["checks"] if check["outcome"] == "failed"]


def findings(root: Path) -> list[str]:
    """Runs the job and answers with its failed checks as lines: `types of visits: …`."""
    return [
        f"{check['name']}{'' if check['column'] is None else ' of ' + check['column']}: {check['finding']}"
        for check in refused(root)
    ]
