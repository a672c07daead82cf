import { z } from "zod";
import { Column } from "./column.ts";

const sqlFile = z.string().regex(/^[\w./-]+\.sql$/, "expected a file ending in .sql");

/** Where a workload's rows come from. */
export const Source = z.strictObject({
  /** The first data file, relative to the workload's folder. Later files arrive beside it in the data lake. */
  path: z.string().regex(/^data\/[\w.-]+\.csv(\.gz)?$/, "expected data/<file>.csv or data/<file>.csv.gz"),
  licence: z.string().min(1),
  citation: z.string().min(1),
  /** Texts that mean "missing" in this source. An empty field and null always do. */
  missingMarkers: z.array(z.string()),
  /**
   * For files whose rows aren't yet those that the model is about: a query over the view `files` (all columns as text, and
   * `file_row`, the row's place from 1) that answers with exactly the columns below and `unused`. Absent: they are.
   */
  rows: z
    .strictObject({
      sql: sqlFile.default("rows.sql"),
      /** Columns that the files have to have, and no other. */
      columns: z.array(z.string().min(1)).min(1),
    })
    .optional(),
  /** The query that adds the derived columns, relative to the workload's folder. */
  features: sqlFile.default("features.sql"),
  /** Fewest rows that a training may start from. */
  minRows: z.int().positive(),
  /** Column that identifies a row. */
  key: z.string(),
  /** Column that puts rows in order of time: numbers, or days as ISO 8601 text; it may be the key. */
  time: z.string(),
  /** Columns of the source that no model reads: identifiers, the target, what is known too late. */
  unused: z.record(z.string(), z.string().min(1)),
  /** Columns that the model may read. */
  columns: z.record(z.string(), Column),
  /** Rows outside the question that the model answers: not trained on, and refused at the endpoint with the reason. */
  excluded: z.array(
    z.strictObject({ column: z.string(), levels: z.array(z.string()).min(1), reason: z.string().min(1) }),
  ),
});

/** Name of a view: it stands in SQL. */
const ViewName = z.string().regex(/^[a-z][a-z0-9_]*$/, "expected snake_case");

/**
 * Something whose state is looked up at prediction time, such as a team and its form.
 *
 * `entities/<name>.sql` answers with its states: the key, `valid_from` (day or number of the event after which the state
 * holds), `valid_to` (the next event's; null for the latest state) and the columns. It is a view of that name to
 * `features.sql`, which joins a row with the state that held before it; the latest states are the online table. So what a
 * model was trained on and what it is asked with are the same rows.
 */
export const Entity = z.strictObject({
  description: z.string().min(1),
  /** Column of the states that identifies the entity. */
  key: z.string().min(1),
  /** Oldest state that a prediction may rest on, in days (or in units of a time column that holds numbers). */
  maxAge: z.number().positive(),
  /** Which columns of a record are filled from the state of the entity that its column `by` names. */
  lookups: z
    .array(
      z.strictObject({
        by: z.string(),
        /** Derived column to column of the states. */
        columns: z.record(z.string(), z.string().min(1)),
      }),
    )
    .min(1),
});
export type Entity = z.output<typeof Entity>;

export const Entities = z.record(ViewName, Entity);
