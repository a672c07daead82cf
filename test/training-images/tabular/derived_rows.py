"""The features of a workload over any part of its rows, as the processing job makes them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from perennial_tabular.entity_states import latest_states
from perennial_tabular.features import derive
from perennial_tabular.layout import ProcessingLayout
from perennial_tabular.source_files import load_files, make_source, source_files
from perennial_tabular.spec import Spec
from perennial_tabular.sql import connect, identifier

# Enough for windows to fill, few enough for many runs.
MOST_ROWS = 6000
Moment = str | float


@dataclass(frozen=True)
class Rows:
    """The table `everything`: rows of the source, those of the groups with the most of them."""

    connection: duckdb.DuckDBPyConnection
    spec: Spec

    @classmethod
    def of(cls, root: Path) -> "Rows":
        """Of the processing folder in `root`."""
        layout = ProcessingLayout(root)
        spec, connection = Spec.read(layout.spec), connect()
        assert load_files(connection, source_files(layout.raw), spec) == []  # noqa: S101 - a test's own help
        assert make_source(connection, spec) == []  # noqa: S101
        group = identifier(spec.group)
        connection.execute(
            f"""
            CREATE TABLE everything AS
            WITH sized AS (SELECT {group} AS name, count(*) AS rows FROM source GROUP BY name),
            chosen AS (
              SELECT name FROM sized
              QUALIFY sum(rows) OVER (ORDER BY rows DESC, name DESC ROWS UNBOUNDED PRECEDING) <= {MOST_ROWS}
            )
            SELECT source.* FROM source SEMI JOIN chosen ON source.{group} = chosen.name
            """
        )
        connection.execute("DROP VIEW IF EXISTS source" if spec.rows_sql is None else "DROP TABLE source")
        return cls(connection, spec)

    @property
    def moment(self) -> str:
        """SQL for a row's moment, of a type that puts moments in order."""
        time = identifier(self.spec.time)
        return f"coalesce(try_cast({time} AS DOUBLE), epoch(try_cast({time} AS DATE)))"

    def moments(self) -> list[float]:
        """Every moment at which there is a row, in order."""
        found = self.connection.execute(f"SELECT DISTINCT {self.moment} AS moment FROM everything ORDER BY 1")
        return [row[0] for row in found.fetchall()]

    def derived(self, rows: str) -> dict[str, tuple[Any, ...]]:
        """Key and derived columns of each row, when the source is what the query `rows` answers with."""
        self.connection.execute(f"CREATE OR REPLACE TABLE source AS {rows}")
        assert derive(self.connection, self.spec) == []  # noqa: S101
        columns = ", ".join(identifier(name) for name in (self.spec.key, *self.spec.derived))
        found = self.connection.execute(f"SELECT {columns} FROM enriched").fetchall()
        return {row[0]: row[1:] for row in found}

    def states(self) -> dict[str, dict[str, dict[str, Any]]]:
        """By entity and key, the latest states that the last `derived` has left."""
        return {
            entity.name: {state["key"]: state for state in latest_states(self.connection, entity)}
            for entity in self.spec.entities
        }
