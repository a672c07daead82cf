import { z } from "zod";
import { AuditReport, Evaluation } from "./evaluation.ts";
import { ExecutionName, S3Uri, WorkloadName } from "./names.ts";
import { Verdict } from "./verdict.ts";

/** What `write-card` answers to the workflow. `card.md` and `card.html` lie beside `card.json`. */
export const CardReference = z.strictObject({ cardUri: S3Uri });
export type CardReference = z.output<typeof CardReference>;

/** `card.json`: everything that the card says, as data. */
export const ModelCard = z.strictObject({
  workload: WorkloadName,
  title: z.string(),
  execution: ExecutionName,
  artifactVersion: z.string(),
  intendedUse: z.string(),
  data: z.strictObject({
    licence: z.string(),
    citation: z.string(),
    snapshotSha256: z.string(),
    rows: z.record(
      z.string(),
      z.strictObject({ rows: z.int(), groups: z.int(), classRows: z.array(z.int()) }),
    ),
    excluded: z.array(z.string()),
  }),
  algorithm: z.strictObject({ kind: z.string(), hyperparameters: z.record(z.string(), z.number()) }),
  holdout: Evaluation.shape.challenger.shape.metrics,
  audit: AuditReport.shape.metrics,
  slices: Evaluation.shape.slices,
  limits: z.array(z.string()),
  verdict: Verdict,
  lineage: z.record(z.string(), z.string()),
});
export type ModelCard = z.output<typeof ModelCard>;
