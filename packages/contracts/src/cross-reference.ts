import { z } from "zod";
import type { Fault } from "./faults.ts";

const text = z.string().nullable().catch(null);
const texts = z.array(text).catch([]);
const column = z
  .object({
    type: text,
    pattern: text,
    min: z.number().nullable().catch(null),
    max: z.number().nullable().catch(null),
  })
  .catch({ type: null, pattern: null, min: null, max: null });
const columns = z.record(z.string(), column).catch({});

/** The parts of a spec that refer to each other; whatever is out of shape is left out, since it is reported as such. */
const Skeleton = z.object({
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
  task: z
    .object({ target: text, positive: texts, negative: texts })
    .catch({ target: null, positive: [], negative: [] }),
  split: z.object({ group: text }).catch({ group: null }),
  features: z
    .array(
      z
        .object({ kind: text, name: text, column: text, columns: texts, factors: texts })
        .catch({ kind: null, name: null, column: null, columns: [], factors: [] }),
    )
    .catch([]),
  gate: z
    .object({ slices: z.object({ columns: texts }).catch({ columns: [] }) })
    .catch({ slices: { columns: [] } }),
});
type Skeleton = z.output<typeof Skeleton>;

type Path = (string | number)[];
export type CrossFault = Omit<Fault, "path"> & { path: Path };

/** Faults between the parts of a workload spec: names that don't exist, stand twice or contradict each other. */
export function crossFaults(spec: unknown): CrossFault[] {
  const skeleton = Skeleton.safeParse(spec);
  if (!skeleton.success) return []; // Not an object at all.
  return [
    ...unknownNames(skeleton.data),
    ...doubleNames(skeleton.data),
    ...contradictions(skeleton.data),
    ...featureFaults(skeleton.data),
  ];
}

const among = (names: ReadonlySet<string>): string => `expected one of ${[...names].join(", ")}`;

function unknownNames({ source, task, split, gate }: Skeleton): CrossFault[] {
  const known = new Set([...Object.keys(source.columns), ...Object.keys(source.unused)]);
  const references: { path: Path; name: string | null }[] = [
    { path: ["source", "key"], name: source.key },
    { path: ["source", "time"], name: source.time },
    { path: ["split", "group"], name: split.group },
    { path: ["task", "target"], name: task.target },
    ...gate.slices.columns.map((name, index) => ({ path: ["gate", "slices", "columns", index], name })),
    ...source.excluded.map(({ column: name }, index) => ({
      path: ["source", "excluded", index, "column"],
      name,
    })),
  ];
  return references
    .filter(({ name }) => name !== null && !known.has(name))
    .map(({ path }) => ({ path, message: among(known) }));
}

function doubleNames({ source, derived, task }: Skeleton): CrossFault[] {
  const faults = Object.keys(source.columns).flatMap((name): CrossFault[] => [
    ...(name in source.unused
      ? [
          {
            path: ["source", "unused", name],
            message: "also stands in source.columns; a column is one or the other",
          },
        ]
      : []),
    ...(name in derived
      ? [{ path: ["derived", name], message: "the source already has a column of this name" }]
      : []),
  ]);
  if (task.target !== null && task.target in source.columns) {
    const message = "the target is also an input in source.columns; move it to source.unused";
    faults.push({ path: ["task", "target"], message });
  }
  return faults;
}

function contradictions({ source, derived, task }: Skeleton): CrossFault[] {
  const levels = task.positive
    .filter((level) => level !== null && task.negative.includes(level))
    .map((level) => ({
      path: ["task", "negative"],
      message: `${JSON.stringify(level)} is both positive and negative`,
    }));
  const owners = [
    { owner: ["source", "columns"], held: source.columns },
    { owner: ["derived"], held: derived },
  ];
  const ranges = owners.flatMap(({ owner, held }) =>
    Object.entries(held).flatMap(([name, { type, pattern, min, max }]): CrossFault[] => [
      ...(min !== null && max !== null && !(min < max)
        ? [{ path: [...owner, name, "max"], message: `max must be above min (${min})` }]
        : []),
      ...(type === "code" && pattern !== null && !isPattern(pattern)
        ? [{ path: [...owner, name, "pattern"], message: "expected a regular expression" }]
        : []),
    ]),
  );
  return [...levels, ...ranges];
}

function featureFaults({ source, derived, features }: Skeleton): CrossFault[] {
  const readable = new Set([...Object.keys(source.columns), ...Object.keys(derived)]);
  const declared = new Set<string>();
  return features.flatMap((feature, index) => {
    const read = [feature.column, ...feature.columns].filter((name) => name !== null);
    const faults: CrossFault[] = [
      ...(feature.name !== null && declared.has(feature.name)
        ? [{ path: ["features", index, "name"], message: "another feature has this name" }]
        : []),
      ...read
        .filter((name) => !readable.has(name))
        .map((name) => ({
          path: ["features", index],
          message: `reads ${JSON.stringify(name)}; ${among(readable)}`,
        })),
      ...feature.factors
        .filter((factor) => factor !== null && !declared.has(factor))
        .map((factor) => ({
          path: ["features", index, "factors"],
          message: `${JSON.stringify(factor)} is not a feature of one column declared before it`,
        })),
    ];
    if (feature.name !== null) declared.add(feature.name);
    return faults;
  });
}

function isPattern(pattern: string): boolean {
  try {
    return new RegExp(pattern) instanceof RegExp;
  } catch {
    return false;
  }
}
