"""What the data gate found: for programs, for a person, and in one sentence."""

from collections.abc import Sequence
from typing import Any

from perennial_tabular.data_gate.check import CHECK_NAMES, Check, has_failed

# SageMaker keeps 1,024 characters of an exit message, 73 of which name the files.
LONGEST_SENTENCE = 900


def gate_report(
    workload: str, snapshot_sha256: str, files: list[dict[str, Any]], rows: int, checks: Sequence[Check]
) -> dict[str, Any]:
    """The document `gate.json`, its checks in the contract's order."""
    ordered = sorted(checks, key=lambda check: CHECK_NAMES.index(check.name))
    return {
        "workload": workload,
        "status": "refused" if has_failed(checks) else "accepted",
        "snapshotSha256": snapshot_sha256,
        "files": files,
        "rows": rows,
        "checks": [check.document() for check in ordered],
    }


def sentence(report: dict[str, Any]) -> str:
    """Why the files are refused, short enough for an exit message."""
    failed = [check for check in report["checks"] if check["outcome"] == "failed"]
    many = "1 check failed" if len(failed) == 1 else f"{len(failed)} checks failed"
    told = f"{many}: " + " | ".join(
        f"{check['name']}{_of(check['column'])}: {check['finding']}" for check in failed
    )
    return told if len(told) <= LONGEST_SENTENCE else f"{told[: LONGEST_SENTENCE - 1]}…"


def readable_report(report: dict[str, Any]) -> str:
    """The document `gate.md`."""
    failed = [check for check in report["checks"] if check["outcome"] == "failed"]
    status = (
        "**Accepted**: every check that was asked passed."
        if not failed
        else f"**Refused**: {len(failed)} of {len(report['checks'])} checks failed. Nothing was trained."
    )
    return "\n".join(
        [
            f"# Data gate of {report['workload']}",
            "",
            status,
            "",
            f"{report['rows']} rows. Snapshot `{report['snapshotSha256']}`.",
            "",
            "| File | Bytes | SHA-256 |",
            "| --- | ---: | --- |",
            *(
                f"| {_cell(file['name'])} | {file['bytes']} | `{file['sha256']}` |"
                for file in report["files"]
            ),
            "",
            "| Check | Column | Outcome | Measured | Limit | Finding |",
            "| --- | --- | --- | ---: | ---: | --- |",
            *(_row(check) for check in sorted(report["checks"], key=lambda check: check not in failed)),
            "",
            *(line for check in failed for line in _examples(check)),
        ]
    )


def _row(check: dict[str, Any]) -> str:
    outcome = f"**{check['outcome']}**" if check["outcome"] == "failed" else check["outcome"]
    cells = (
        check["name"],
        _cell(check["column"] or ""),
        outcome,
        _figure(check["measured"]),
        _figure(check["limit"]),
        _cell(check["finding"]),
    )
    return f"| {' | '.join(cells)} |"


def _examples(check: dict[str, Any]) -> list[str]:
    if not check["examples"]:
        return []
    heading = f"Rows that show it, {check['name']}{_of(check['column'])}:"
    rows = [
        f"- {_cell(example['key'])}: {'nothing' if example['value'] is None else _cell(example['value'])}"
        for example in check["examples"]
    ]
    return [heading, "", *rows, ""]


def _of(column: str | None) -> str:
    return "" if column is None else f" of {column}"


def _figure(number: float | None) -> str:
    return "" if number is None else f"{number:.6g}"


def _cell(text: str) -> str:
    """`text` as it stands inside a table: what is a row's content must not become Markdown."""
    escaped = "".join(f"\\{sign}" if sign in "\\`*_|[]<>" else sign for sign in text)
    return escaped.replace("\r", " ").replace("\n", " ")
