import { z } from "zod";
import { Dimension } from "./algorithm.ts";

const text = z.string().nullable().catch(null);
const texts = z.array(text).catch([]);
const number = z.number().nullable().catch(null);
const column = z
  .object({
    type: text,
    pattern: text,
    min: z.union([z.number(), z.string()]).nullable().catch(null),
    max: z.union([z.number(), z.string()]).nullable().catch(null),
  })
  .catch({ type: null, pattern: null, min: null, max: null });
const columns = z.record(z.string(), column).catch({});

/** The parts of a spec that refer to each other; whatever is out of shape is left out, since it is reported as such. */
export const Skeleton = z.object({
  source: z
    .object({
      key: text,
      time: text,
      columns,
      unused: z.record(z.string(), z.unknown()).catch({}),
      excluded: z.array(z.object({ column: text }).catch({ column: null })).catch([]),
    })
    .catch({ key: null, time: null, columns: {}, unused: {}, excluded: [] }),
  derived: columns,
  entities: z
    .record(
      z.string(),
      z
        .object({
          lookups: z
            .array(z.object({ by: text, columns: z.record(z.string(), z.unknown()).catch({}) }))
            .catch([]),
        })
        .catch({ lookups: [] }),
    )
    .catch({}),
  task: z
    .object({
      kind: text,
      target: text,
      positive: texts,
      negative: texts,
      classes: z.array(z.object({ name: text, levels: texts }).catch({ name: null, levels: [] })).catch([]),
      min: number,
      max: number,
    })
    .catch({ kind: null, target: null, positive: [], negative: [], classes: [], min: null, max: null }),
  split: z.object({ group: text, column: text }).catch({ group: null, column: null }),
  algorithms: z
    .array(
      z
        .object({ kind: text, space: z.record(z.string(), Dimension).catch({}) })
        .catch({ kind: null, space: {} }),
    )
    .catch([]),
  checks: z.object({ missing: z.record(z.string(), z.unknown()).catch({}) }).catch({ missing: {} }),
  features: z
    .array(
      z
        .object({
          kind: text,
          name: text,
          column: text,
          numerator: text,
          denominator: text,
          minuend: text,
          subtrahend: text,
          columns: texts,
          factors: texts,
        })
        .catch({
          kind: null,
          name: null,
          column: null,
          numerator: null,
          denominator: null,
          minuend: null,
          subtrahend: null,
          columns: [],
          factors: [],
        }),
    )
    .catch([]),
  examples: z.array(z.record(z.string(), z.unknown()).catch({})).catch([]),
  serving: z.object({ mode: text }).catch({ mode: null }),
  rollout: z
    .object({
      strategy: z
        .object({ kind: text, stickyBy: text.optional(), worthwhileGain: number })
        .catch({ kind: null, worthwhileGain: null }),
    })
    .catch({ strategy: { kind: null, worthwhileGain: null } }),
  gate: z
    .object({
      primary: text,
      slices: z.object({ columns: texts }).catch({ columns: [] }),
      calibration: z.object({ coverage: z.unknown() }).catch({ coverage: undefined }),
    })
    .catch({ primary: null, slices: { columns: [] }, calibration: { coverage: undefined } }),
});
export type Skeleton = z.output<typeof Skeleton>;
