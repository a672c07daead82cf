"""Checks of the rows as they are dealt to parts: how many, of which classes, and no group in two parts."""

from collections.abc import Iterator

import duckdb

from perennial_tabular.data_gate.check import (
    MOST_EXAMPLES,
    MOST_QUOTED,
    Check,
    Example,
    rows_in_words,
    share_in_words,
    summed_up,
)
from perennial_tabular.spec import PARTS, Spec
from perennial_tabular.sql import literal, numbers_of
from perennial_tabular.task import RegressionTask


def check_rows(connection: duckdb.DuckDBPyConnection, spec: Spec) -> Check:
    """Whether enough rows of the table `parts` remain."""
    (rows,) = numbers_of(connection, "SELECT count(*) FROM parts")
    least = int(spec.source["minRows"])
    found = f"{rows_in_words(rows)} remain after exclusions"
    if rows >= least:
        return Check("rows", "passed", found, None, rows, least)
    mend = "add rows, or lower source.minRows"
    return Check("rows", "failed", f"{found}; expected at least {least}; {mend}", None, rows, least)


def check_overlap(connection: duckdb.DuckDBPyConnection, spec: Spec) -> Check:
    """Whether all rows of a group lie in one part."""
    straddling = 'FROM parts GROUP BY "group" HAVING count(DISTINCT part) > 1'
    (count,) = numbers_of(connection, f"SELECT count(*) FROM (SELECT 1 {straddling})")
    if count == 0:
        return Check("overlap", "passed", f"no {spec.group} has rows in two parts", spec.group, 0, 0)
    found = connection.execute(
        f"SELECT \"group\", string_agg(DISTINCT part, ' and ' ORDER BY part) {straddling} "
        f'ORDER BY "group" LIMIT {MOST_EXAMPLES}'
    ).fetchall()
    words = [f"{group} ({parts})" for group, parts in found[:MOST_QUOTED]]
    listed = ", ".join([*words, "…"] if count > len(words) else words)
    finding = (
        f"{count} of {spec.group} {'has' if count == 1 else 'have'} rows in several parts: {listed}; "
        "expected each in one, or the holdout is no test; move split.starts, or group the rows otherwise"
    )
    examples = tuple(Example(str(group), parts) for group, parts in found)
    return Check("overlap", "failed", finding, spec.group, count, 0, examples)


def check_classes(connection: duckdb.DuckDBPyConnection, spec: Spec) -> list[Check]:
    """Whether each class has its share of the rows and is there in every part."""
    if isinstance(spec.task, RegressionTask):
        return _check_spread(connection, spec)
    names = [one.name for one in spec.task.classes]
    counted = connection.execute(
        "SELECT part, label, count(*) FROM parts GROUP BY part, label ORDER BY part, label"
    ).fetchall()
    counts = {(part, label): rows for part, label, rows in counted}
    total = sum(counts.values())
    of_class = [sum(counts.get((part, label), 0) for part in PARTS) for label in range(len(names))]
    least = float(spec.checks["minClassShare"])
    failed = [
        _rare(spec, name, rows, total, least)
        for name, rows in zip(names, of_class, strict=True)
        if rows == 0 or rows < least * total
    ]
    # A class that is nowhere is missing in every part: once said is enough.
    lacking = {
        part: [name for label, name in enumerate(names) if of_class[label] and not counts.get((part, label))]
        for part in PARTS
    }
    failed += [
        Check(
            "classes",
            "failed",
            f"the {part} part has {rows_in_words(_of_part(counts, part))}, none of them "
            f"{' or '.join(missing)}; expected every class in every part; add rows, or change the split",
            spec.target,
        )
        for part, missing in lacking.items()
        if missing
    ]
    shares = ", ".join(
        f"{name} {share_in_words(rows / total)}" for name, rows in zip(names, of_class, strict=True) if total
    )
    return summed_up("classes", failed, f"shares of the rows: {shares}")


def _rare(spec: Spec, name: str, rows: int, total: int, least: float) -> Check:
    share = rows / total if total else 0.0
    found = f"{rows_in_words(rows, total)} are {name}, {share_in_words(share)}"
    mend = "add rows of this class" + ("" if rows == 0 else ", or lower checks.minClassShare")
    finding = f"{found}; expected at least {share_in_words(least)}; {mend}"
    return Check("classes", "failed", finding, spec.target, share, least)


def _of_part(counts: dict[tuple[str, int], int], part: str) -> int:
    return sum(rows for (owner, _), rows in counts.items() if owner == part)


def _check_spread(connection: duckdb.DuckDBPyConnection, spec: Spec) -> list[Check]:
    least = float(spec.checks["minClassShare"])
    row = connection.execute(
        "SELECT label, count(*) AS rows, sum(count(*)) OVER () FROM parts GROUP BY label "
        "ORDER BY rows DESC, label LIMIT 1"
    ).fetchone()
    value, rows, total = row or (0.0, 0, 0)
    share = (total - rows) / total if total else 0.0
    found = f"{rows_in_words(int(total - rows), int(total))}, {share_in_words(share)}, differ from {value:g}"
    failed = []
    if rows == total or share < least:
        finding = f"{found}, the most frequent value; expected at least {share_in_words(least)}"
        failed.append(Check("classes", "failed", finding, spec.target, float(share), least))
    else:
        failed += list(_constant_parts(connection, spec))
    return summed_up("classes", failed, f"{found}, the most frequent value")


def _constant_parts(connection: duckdb.DuckDBPyConnection, spec: Spec) -> Iterator[Check]:
    for part in PARTS:
        rows, values = numbers_of(
            connection, f"SELECT count(*), count(DISTINCT label) FROM parts WHERE part = {literal(part)}"
        )
        if values < 2:
            finding = (
                f"the {part} part has {rows_in_words(rows)} of {values} values; expected at least 2 values "
                "in every part; add rows, or change the split"
            )
            yield Check("classes", "failed", finding, spec.target)
