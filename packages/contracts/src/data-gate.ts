import { z } from "zod";
import { ColumnCounts } from "./manifest.ts";
import { Sha256, WorkloadName } from "./names.ts";

/** What a set of source files looks like: what the next one is compared with. */
export const Profile = z.strictObject({
  snapshotSha256: Sha256,
  rows: z.int().min(0),
  /** Largest value of `source.time`; null where it can't be read. */
  newest: z.union([z.string(), z.number()]).nullable(),
  columns: z.record(z.string(), ColumnCounts),
});
export type Profile = z.output<typeof Profile>;

/** One question of the data gate and how it went. */
export const DataCheck = z.strictObject({
  name: z.enum([
    "columns",
    "types",
    "ranges",
    "levels",
    "missing",
    "duplicates",
    "keys",
    "classes",
    "leakage",
    "overlap",
    "rows",
    "time",
    "freshness",
    "drift",
  ]),
  column: z.string().nullable(),
  /** `not asked`: the spec doesn't ask, or there is nothing to compare with. */
  outcome: z.enum(["passed", "failed", "not asked"]),
  /** What was found, expected, and how to mend it, for a person. */
  finding: z.string(),
  measured: z.number().nullable(),
  limit: z.number().nullable(),
  /** Up to five rows that show it: key and value. */
  examples: z.array(z.strictObject({ key: z.string(), value: z.string().nullable() })).max(5),
});
export type DataCheck = z.output<typeof DataCheck>;

/**
 * `gate.json`: what the data gate found. `gate.md` says the same to a person and `profile.json` is what the next files
 * are compared with.
 */
export const GateReport = z.strictObject({
  workload: WorkloadName,
  status: z.enum(["accepted", "refused"]),
  /** Hash over the names and contents of the files: the snapshot's name. */
  snapshotSha256: Sha256,
  files: z.array(z.strictObject({ name: z.string(), sha256: Sha256, bytes: z.int().min(0) })),
  rows: z.int().min(0),
  checks: z.array(DataCheck),
});
export type GateReport = z.output<typeof GateReport>;

/** One line of `<entity>.jsonl.gz`: the latest state of an entity. */
export const EntityState = z.strictObject({
  key: z.string(),
  /** Day (ISO 8601) or number of the event after which the state holds. */
  validFrom: z.union([z.string(), z.number()]),
  columns: z.record(z.string(), z.number().nullable()),
});
export type EntityState = z.output<typeof EntityState>;

/** `snapshot.json`: files that were accepted, beside the files themselves. Never changed once written. */
export const Snapshot = z.strictObject({
  workload: WorkloadName,
  sha256: Sha256,
  files: GateReport.shape.files,
});
export type Snapshot = z.output<typeof Snapshot>;
