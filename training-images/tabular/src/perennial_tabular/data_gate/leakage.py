"""
Whether a single column tells the outcome too well to be known before it.

The strength of a column is, of classes, the Gini coefficient |2 · AUC - 1| (the largest over the classes,
each against the others) and, of a quantity, Spearman's rank correlation without its sign; 0 is none, 1
perfect. Both follow from the ranks of the column's values. Texts have no order of their own: their levels
are ordered by the outcome in one half of the rows and judged on the other, so that a level which stands in
one row only proves nothing. Rows that lack the value are left out, and whether it is missing is a value of
its own.
"""

import math
from dataclasses import dataclass

import duckdb

from perennial_tabular.column import Column
from perennial_tabular.data_gate.check import Check
from perennial_tabular.spec import Spec
from perennial_tabular.sql import identifier
from perennial_tabular.task import BinaryTask, RegressionTask

# Fewer rows than these, of a class or its opposite, rank perfectly by chance.
FEWEST_OF_A_CLASS = 10
FEWEST_ROWS = 20


@dataclass(frozen=True)
class RankSums:
    """
    Sums over rows in order of a value: rows, scores and their squares, twice the mean ranks and their
    squares, and the products of rank and score.
    """

    rows: int
    scores: int
    squared_scores: int
    ranks: int
    squared_ranks: int
    products: int

    def gini(self) -> float:
        """Of scores that are 1 for a class and 0 for the others."""
        members, others = self.scores, self.rows - self.scores
        if min(members, others) < FEWEST_OF_A_CLASS:
            return 0.0
        area = (self.products - members * (members + 1)) / (2 * members * others)
        return abs(2 * area - 1)

    def spearman(self) -> float:
        """Of scores that are ranks."""
        if self.rows < FEWEST_ROWS:
            return 0.0
        common = self.rows * self.products - self.ranks * self.scores
        spread = (self.rows * self.squared_ranks - self.ranks**2) * (
            self.rows * self.squared_scores - self.scores**2
        )
        return abs(common) / math.sqrt(spread) if spread > 0 else 0.0


def check_leakage(connection: duckdb.DuckDBPyConnection, spec: Spec) -> list[Check]:
    """Measures every column that the model may read, on the rows of the table `parts`."""
    limit = float(spec.checks["singleColumnStrength"])
    connection.execute(f"CREATE OR REPLACE TEMP TABLE scored AS {_scored(spec)}")
    strengths = {
        column.name: round(_strength(connection, spec, column), 6) for column in spec.readable.values()
    }
    connection.execute("DROP TABLE scored")
    measure = "rank correlation" if isinstance(spec.task, RegressionTask) else "Gini"
    failed = [
        Check(
            "leakage",
            "failed",
            f"the column alone tells {spec.target} with strength {strength:.3f} ({measure}); expected at "
            f"most {limit:g}; move it to source.unused if it is known only with or after the outcome, or "
            "raise checks.singleColumnStrength",
            name,
            strength,
            limit,
        )
        for name, strength in strengths.items()
        if strength > limit
    ]
    if failed:
        return failed
    name, strength = max(strengths.items(), key=lambda item: item[1])
    finding = f"the strongest single column tells {spec.target} with strength {strength:.3f} ({measure})"
    return [Check("leakage", "passed", finding, name, strength, limit)]


def _scored(spec: Spec) -> str:
    """SQL for record, half and score of each row: its class, or twice the mean rank of its quantity."""
    if not isinstance(spec.task, RegressionTask):
        return "SELECT record, rowid % 2 AS half, label AS score FROM parts"
    return """
        WITH counted AS (SELECT label, count(*) AS rows FROM parts GROUP BY label),
        ranked AS (
          SELECT label, CAST(2 * sum(rows) OVER (ORDER BY label) - rows + 1 AS BIGINT) AS score FROM counted
        )
        SELECT record, parts.rowid % 2 AS half, score FROM parts JOIN ranked ON parts.label = ranked.label
    """


def _strength(connection: duckdb.DuckDBPyConnection, spec: Spec, column: Column) -> float:
    value = f"record.{identifier(column.name)}"
    by_value = _texts_in_order if column.is_text else _numbers_in_order
    if isinstance(spec.task, RegressionTask):
        found = [
            [sums.spearman() for sums in _rank_sums(connection, query)]
            for query in (by_value(value, "score"), _numbers_in_order(f"{value} IS NULL", "score"))
        ]
    else:
        # With two classes, the one is the other's opposite.
        labels = (1,) if isinstance(spec.task, BinaryTask) else range(len(spec.task.classes))
        found = [
            [sums.gini() for sums in _rank_sums(connection, query)]
            for label in labels
            for score in (f"CAST(score = {label} AS BIGINT)",)
            for query in (by_value(value, score), _numbers_in_order(f"{value} IS NULL", score))
        ]
    return max(sum(halves) / len(halves) if halves else 0.0 for halves in found)


def _numbers_in_order(value: str, score: str) -> str:
    """SQL for rows, scores and squares of each value, whose own order counts; all of them in one half."""
    return f"""
        SELECT 0 AS half, {value} AS place, count(*) AS rows, sum({score}) AS scores,
          sum(CAST({score} AS HUGEINT) * {score}) AS squares
        FROM scored WHERE {value} IS NOT NULL GROUP BY place
    """


def _texts_in_order(value: str, score: str) -> str:
    """SQL for the same of each level, whose place is its mean score in the other half."""
    return f"""
        WITH levels AS (
          SELECT {value} AS level, half, count(*) AS rows, sum({score}) AS scores,
            sum(CAST({score} AS HUGEINT) * {score}) AS squares
          FROM scored WHERE {value} IS NOT NULL GROUP BY ALL
        )
        SELECT one.half, coalesce(other.scores / other.rows, mean.score) AS place, sum(one.rows) AS rows,
          sum(one.scores) AS scores, sum(one.squares) AS squares
        FROM levels AS one
        LEFT JOIN levels AS other ON other.level = one.level AND other.half = 1 - one.half
        CROSS JOIN (SELECT sum(scores) / sum(rows) AS score FROM levels) AS mean
        GROUP BY one.half, place
    """


def _rank_sums(connection: duckdb.DuckDBPyConnection, counted: str) -> list[RankSums]:
    """The sums of each half."""
    found = connection.execute(
        f"""
        WITH ranked AS (
          SELECT half, rows, scores, squares,
            2 * sum(rows) OVER (PARTITION BY half ORDER BY place) - rows + 1 AS rank
          FROM ({counted})
        )
        SELECT half, sum(rows), sum(scores), sum(squares), sum(rank * rows), sum(rank * rank * rows),
          sum(rank * scores)
        FROM ranked GROUP BY half ORDER BY half
        """
    ).fetchall()
    return [RankSums(*(int(figure) for figure in row[1:])) for row in found]
