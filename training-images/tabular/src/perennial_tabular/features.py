"""Entity states and derived columns: what the workload's SQL makes of the rows."""

from pathlib import Path

import duckdb

from perennial_tabular.data_gate.check import Check
from perennial_tabular.entity import Entity
from perennial_tabular.faults import Fault, InvalidInput
from perennial_tabular.spec import FEATURES_SQL, Spec
from perennial_tabular.sql import identifier, literal, numbers_of, reason_of

VALID_FROM, VALID_TO = "valid_from", "valid_to"

# A query that stumbles over these met a value, not a mistake in itself.
VALUE_ERRORS = (duckdb.ConversionException, duckdb.OutOfRangeException, duckdb.InvalidInputException)


def derive(connection: duckdb.DuckDBPyConnection, spec: Spec) -> list[Check]:
    """
    Makes a table of each entity's states, and the table `enriched` of `source` by `features.sql`.

    Answers with a failed check where a query stumbles over a value.

    Raises:
        InvalidInput: a query can't be run; it loses or repeats rows; its columns aren't those that are
        expected; the states of an entity aren't one after another.
    """
    for entity in spec.entities:
        stumbled = _create(connection, entity.name, f"entities/{entity.name}.sql", entity.sql)
        if stumbled:
            return stumbled
        check_states(connection, entity)
    stumbled = _create(connection, "enriched", FEATURES_SQL, spec.features_sql)
    if not stumbled:
        check_enriched(connection, spec)
    return stumbled


def take_derived(connection: duckdb.DuckDBPyConnection, spec: Spec, folder: Path) -> None:
    """
    Makes the same tables of what Spark has computed: `rows/` and `entities/<name>/` in `folder`, parquet.

    Raises:
        InvalidInput: files are missing, or were computed of other rows or by other queries.
    """
    tables = {entity.name: folder / "entities" / entity.name for entity in spec.entities}
    for table, place in {**tables, "enriched": folder / "rows"}.items():
        name = place.relative_to(folder).as_posix()
        try:
            connection.execute(
                f"CREATE OR REPLACE TABLE {identifier(table)} AS "
                f"SELECT * FROM read_parquet({literal(f'{place}/*.parquet')})"
            )
        except duckdb.Error as error:
            raise InvalidInput("input features", [Fault(name, reason_of(error))]) from error
    for entity in spec.entities:
        check_states(connection, entity)
    check_enriched(connection, spec)
    columns = ", ".join(identifier(column) for column in spec.source_names)
    (strange,) = numbers_of(
        connection,
        f"SELECT count(*) FROM (SELECT {columns} FROM enriched EXCEPT SELECT {columns} FROM source)",
    )
    if strange:
        found = f"{strange} rows aren't those of the files; compute the features of these files again"
        raise InvalidInput("input features", [Fault("rows", found)])


def _create(connection: duckdb.DuckDBPyConnection, table: str, name: str, query: str) -> list[Check]:
    try:
        connection.execute(f"CREATE OR REPLACE TABLE {identifier(table)} AS {query}")
    except VALUE_ERRORS as error:
        finding = (
            f"{name} stumbles over a value: {reason_of(error)}; mend it, or exclude its rows in the query"
        )
        return [Check("types", "failed", finding, blocks=True)]
    except duckdb.Error as error:
        raise InvalidInput(name, [Fault("", reason_of(error))]) from error
    return []


def check_states(connection: duckdb.DuckDBPyConnection, entity: Entity) -> None:
    """
    Checks the table of the entity's states, whoever made it.

    Raises:
        InvalidInput: a column is missing, or the states aren't one after another.
    """
    faults = _entity_faults(connection, entity)
    if faults:
        raise InvalidInput(f"entities/{entity.name}.sql", faults)


def check_enriched(connection: duckdb.DuckDBPyConnection, spec: Spec) -> None:
    """
    Checks the table `enriched`, whoever made it.

    Raises:
        InvalidInput: its rows aren't those of `source`, or its columns aren't those that are expected.
    """
    given = _columns(connection, "enriched")
    expected = [*spec.source_names, *spec.derived]
    faults = [
        *(Fault(name, "the query must return this column") for name in expected if name not in given),
        *(
            Fault(name, "neither a column of the source nor in the spec's `derived`")
            for name in given
            if name not in expected
        ),
    ]
    if not faults:
        faults = _row_faults(connection, spec)
    if faults:
        raise InvalidInput(FEATURES_SQL, faults)


def _columns(connection: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    return [row[0] for row in connection.execute(f"DESCRIBE {identifier(table)}").fetchall()]


def _row_faults(connection: duckdb.DuckDBPyConnection, spec: Spec) -> list[Fault]:
    key = identifier(spec.key)
    counts = f"count(*), count(DISTINCT {key})"
    before = numbers_of(connection, f"SELECT {counts} FROM source")
    after = numbers_of(connection, f"SELECT {counts} FROM enriched")
    if before == after:
        return []
    return [
        Fault("", f"given {before[0]} rows, returns {after[0]} with {after[1]} keys; expected each row once")
    ]


def _entity_faults(connection: duckdb.DuckDBPyConnection, entity: Entity) -> list[Fault]:
    given = _columns(connection, entity.name)
    lacking = [name for name in (entity.key, VALID_FROM, VALID_TO, *entity.columns) if name not in given]
    if lacking:
        return [Fault(name, "the query must return this column") for name in lacking]
    table, key = identifier(entity.name), identifier(entity.key)
    # Each state ends where the next one begins, and the last one doesn't end.
    ordered = (
        f"SELECT {key} AS key, {VALID_FROM} AS starts, {VALID_TO} AS ends, "
        f"lead({VALID_FROM}) OVER (PARTITION BY {key} ORDER BY {VALID_FROM}) AS next FROM {table}"
    )
    rules = {
        "key IS NULL OR starts IS NULL": f"expected {entity.key} and {VALID_FROM} in every state",
        "starts = next": "two states begin at once; expected one state for each event",
        "ends IS DISTINCT FROM next AND starts IS DISTINCT FROM next": (
            f"expected {VALID_TO} to be the {VALID_FROM} of the entity's next state, and null in its latest"
        ),
    }
    faults = []
    for broken, expected in rules.items():
        row = connection.execute(
            f"SELECT count(*), min(CAST(key AS VARCHAR)) FROM ({ordered}) WHERE {broken}"
        ).fetchone()
        if row and row[0]:
            example = f", the first {entity.key} {row[1]}" if row[1] is not None else ""
            faults.append(Fault("", f"{row[0]} state{'' if row[0] == 1 else 's'}{example}: {expected}"))
    return faults
