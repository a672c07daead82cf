"""Sums the reports of all checks and runners of `make test` into one line.

Usage: count.py REPORT_FOLDER EXIT_STATUS_OF_MAKE. A check that left no report has failed, whatever the
reason; a skipped test is neither passed nor failed. Runs on the machine's own Python, with nothing installed.
"""

import json
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

# The targets that `test` in the Makefile names, by the kind of report they leave.
CHECKS = ("format-check", "lint", "types", "python-lint", "python-format", "python-types")
PYTEST = ("pytest",)
VITEST = ("unit", "loop")


@dataclass(frozen=True)
class Count:
    passed: int
    failed: int


def count_check(report: Path) -> Count:
    return Count(1, 0) if report.exists() else Count(0, 1)


def count_pytest(report: Path) -> Count:
    """Counts cases of a JUnit file; an error in a fixture or at collection is a failure."""
    passed = failed = 0
    for case in ElementTree.parse(report).iter("testcase"):  # noqa: S314 (written by our own pytest)
        outcomes = {child.tag for child in case}
        if outcomes & {"failure", "error"}:
            failed += 1
        elif "skipped" not in outcomes:
            passed += 1
    return Count(passed, failed) if passed + failed else Count(0, 1)


def count_vitest(report: Path) -> Count:
    """Counts assertions; a file that failed without one (an import that throws) is a failure of its own."""
    result = json.loads(report.read_text())
    passed, failed = result["numPassedTests"], result["numFailedTests"]
    for file in result["testResults"]:
        tests = {test["status"] for test in file["assertionResults"]}
        if file["status"] == "failed" and "failed" not in tests:
            failed += 1
    if failed == 0 and (passed == 0 or not result["success"]):
        failed = 1
    return Count(passed, failed)


def count_all(folder: Path, make_status: int) -> list[tuple[str, Count]]:
    counts = [(name, count_check(folder / f"{name}.passed")) for name in CHECKS]
    runners = [(name, count_pytest, folder / f"{name}.xml") for name in PYTEST]
    runners += [(name, count_vitest, folder / f"{name}.json") for name in VITEST]
    for name, count, report in runners:
        try:
            counts.append((name, count(report)))
        except (OSError, ValueError, KeyError, ElementTree.ParseError):
            # The runner never ran, or died while it wrote.
            counts.append((name, Count(0, 1)))
    if make_status != 0 and all(count.failed == 0 for _, count in counts):
        counts.append((f"make ended with {make_status}", Count(0, 1)))
    return counts


def main(folder: str, make_status: str) -> None:
    counts = count_all(Path(folder), int(make_status))
    lines = [f"{name:<16}{count.passed:>6} passed{count.failed:>6} failed" for name, count in counts]
    passed = sum(count.passed for _, count in counts)
    failed = sum(count.failed for _, count in counts)
    sys.stdout.write("\n" + "\n".join([*lines, f"{passed} passed, {failed} failed"]) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
