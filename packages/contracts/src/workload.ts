import { z } from "zod";
import { Algorithm, Search } from "./algorithm.ts";
import { DerivedColumn } from "./column.ts";
import { crossFaults } from "./cross-reference.ts";
import { parse } from "./faults.ts";
import { Feature } from "./feature.ts";
import { DataChecks, Gate } from "./gate.ts";
import { Share, WorkloadName } from "./names.ts";
import { Rollout } from "./rollout.ts";
import { Serving } from "./serving.ts";
import { Entities, Source } from "./source.ts";
import { Split } from "./split.ts";
import { Task } from "./task.ts";

/** With what a training is done, where the defaults don't do. */
const Training = z.strictObject({
  /** Machines that a boosted model is trained on; each holds a share of the rows. */
  instanceCount: z.int().min(1).max(20).default(1),
  /** What runs `features.sql`: DuckDB in the processing job, or Spark where the data outgrows one machine. */
  features: z.enum(["duckdb", "spark"]).default("duckdb"),
});

const Retraining = z.strictObject({
  /** EventBridge schedule expression, UTC. */
  schedule: z
    .string()
    .regex(/^(cron|rate)\(.+\)$/, "expected cron(…) or rate(…)")
    .default("cron(0 2 ? * SUN *)"),
  /** Least time between the starts of two retrainings. */
  coolDownMinutes: z.int().min(0).max(40_320),
  /** Most retrainings started in one day, UTC. */
  dailyBudget: z.int().min(1).max(100),
  /** Longest that one execution may take; its lease expires a little later. */
  timeoutMinutes: z.int().min(5).max(1440),
});

const Monitoring = z.strictObject({
  capturePercent: z.int().min(0).max(100),
  /** Share of drifted features above which the drift alarm asks for a retraining. */
  driftedShare: Share,
});

const shape = z.strictObject({
  name: WorkloadName,
  title: z.string().min(1),
  description: z.string().min(1),
  source: Source,
  /** Columns that `features.sql` adds to those of the source. */
  derived: z.record(z.string(), DerivedColumn),
  /** What is looked up at prediction time, by the name of its view. */
  entities: Entities.default({}),
  task: Task,
  split: Split,
  features: z.array(Feature).min(1),
  /**
   * Records that a caller might send, rows of the workload's own data. They bring along what could be looked up, so that any
   * model answers them: in documents, as probes, and when a model is tried before it goes into service.
   */
  examples: z.array(z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))).min(1),
  /** The first one fits; with several, all do, and the best on the validation part is kept. */
  algorithms: z.array(Algorithm).min(1),
  /** How unequal classes are met. The model is always calibrated on rows as they are. */
  imbalance: z.enum(["none", "weights", "smote"]).default("none"),
  search: Search.nullable().default(null),
  training: Training.prefault({}),
  checks: DataChecks.prefault({}),
  gate: Gate,
  retraining: Retraining,
  serving: Serving,
  rollout: Rollout.prefault({}),
  monitoring: Monitoring,
});

/** The one source of truth about a workload: plain data, the same in TypeScript, in Python and in a bucket. */
export const WorkloadSpec = shape.superRefine(
  (spec, context) => {
    for (const { path, message } of crossFaults(spec)) {
      context.addIssue({ code: "custom", path, message, input: undefined });
    }
  },
  // Asked of a spec that is out of shape too, so that its author hears of everything at once.
  { when: () => true },
);

export type WorkloadSpec = z.output<typeof WorkloadSpec>;
export type WorkloadSpecInput = z.input<typeof WorkloadSpec>;

/**
 * Checks a workload's spec and fills in its defaults.
 *
 * @throws {InvalidInput} with all faults: path, value given, values allowed.
 */
export function defineWorkload(spec: WorkloadSpecInput): WorkloadSpec {
  return parse(WorkloadSpec, spec, `workload spec ${JSON.stringify(spec?.name)}`);
}
