import { HYPERPARAMETERS, spaceFaults, type AlgorithmKind } from "./algorithm.ts";
import type { Fault } from "./faults.ts";
import { PRIMARY_METRICS, type PrimaryMetric } from "./gate.ts";
import { SUPPORTED_STRATEGIES } from "./rollout.ts";
import type { ServingMode } from "./serving.ts";
import { Skeleton } from "./spec-skeleton.ts";

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
    ...lookupFaults(skeleton.data),
    ...gateFaults(skeleton.data),
    ...searchFaults(skeleton.data),
    ...exampleFaults(skeleton.data),
    ...rolloutFaults(skeleton.data),
  ];
}

const among = (names: ReadonlySet<string>): string => `expected one of ${[...names].join(", ")}`;

function unknownNames({ source, derived, task, split, checks, gate }: Skeleton): CrossFault[] {
  const known = new Set([...Object.keys(source.columns), ...Object.keys(source.unused)]);
  const references: { path: Path; name: string | null }[] = [
    { path: ["source", "key"], name: source.key },
    { path: ["source", "time"], name: source.time },
    { path: ["split", "group"], name: split.group },
    { path: ["split", "column"], name: split.column },
    { path: ["task", "target"], name: task.target },
    ...gate.slices.columns.map((name, index) => ({ path: ["gate", "slices", "columns", index], name })),
    ...source.excluded.map(({ column: name }, index) => ({
      path: ["source", "excluded", index, "column"],
      name,
    })),
  ];
  const readable = new Set([...Object.keys(source.columns), ...Object.keys(derived)]);
  return [
    ...references
      .filter(({ name }) => name !== null && !known.has(name))
      .map(({ path }) => ({ path, message: among(known) })),
    ...Object.keys(checks.missing)
      .filter((name) => !readable.has(name))
      .map((name) => ({ path: ["checks", "missing", name], message: among(readable) })),
  ];
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
  const levels = [
    ...task.positive
      .filter((level) => level !== null && task.negative.includes(level))
      .map((level) => ({
        path: ["task", "negative"],
        message: `${JSON.stringify(level)} is both positive and negative`,
      })),
    ...classFaults(task.classes),
  ];
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

function classFaults(classes: Skeleton["task"]["classes"]): CrossFault[] {
  const owners = new Map<string, number>();
  const names = new Set<string>();
  return classes.flatMap(({ name, levels }, index) => {
    const faults: CrossFault[] = levels.flatMap((level) => {
      if (level === null) return [];
      const owner = owners.get(level);
      owners.set(level, index);
      return owner === undefined
        ? []
        : [
            {
              path: ["task", "classes", index, "levels"],
              message: `${JSON.stringify(level)} also means class ${owner}; a level means one class`,
            },
          ];
    });
    if (name !== null && names.has(name)) {
      faults.push({ path: ["task", "classes", index, "name"], message: "another class has this name" });
    }
    if (name !== null) names.add(name);
    return faults;
  });
}

function lookupFaults({ source, derived, entities }: Skeleton): CrossFault[] {
  const columnNames = new Set(Object.keys(source.columns));
  const derivedNames = new Set(Object.keys(derived));
  const filled = new Set<string>();
  return Object.entries(entities).flatMap(([entity, { lookups }]) =>
    lookups.flatMap(({ by, columns: wanted }, index) => {
      const path: Path = ["entities", entity, "lookups", index];
      return [
        ...(by === null || columnNames.has(by)
          ? []
          : [{ path: [...path, "by"], message: among(columnNames) }]),
        ...Object.keys(wanted).flatMap((name) => {
          const isFilled = filled.has(name);
          filled.add(name);
          const at = [...path, "columns", name];
          if (!derivedNames.has(name)) return [{ path: at, message: among(derivedNames) }];
          return isFilled ? [{ path: at, message: "another lookup fills this column" }] : [];
        }),
      ];
    }),
  );
}

function gateFaults({ task, gate }: Skeleton): CrossFault[] {
  if (task.kind === null) return [];
  const faults: CrossFault[] = [];
  const metric = PRIMARY_METRICS[gate.primary as PrimaryMetric] as { task: string } | undefined;
  if (metric !== undefined && metric.task !== task.kind) {
    const fitting = Object.entries(PRIMARY_METRICS).filter(([, { task: kind }]) => kind === task.kind);
    const names = new Set(fitting.map(([name]) => name));
    faults.push({
      path: ["gate", "primary"],
      message: `is no metric of a ${task.kind} task; ${among(names)}`,
    });
  }
  if ((gate.calibration.coverage !== undefined) !== (task.kind === "regression")) {
    faults.push({
      path: ["gate", "calibration"],
      message: `of a ${task.kind} task expected ${task.kind === "regression" ? "coverage" : "slope and meanZ"}`,
    });
  }
  return faults;
}

function exampleFaults({ source, derived, examples }: Skeleton): CrossFault[] {
  const readable = new Set([...Object.keys(source.columns), ...Object.keys(derived)]);
  return examples.flatMap((example, index) =>
    Object.keys(example)
      .filter((name) => !readable.has(name))
      .map((name) => ({ path: ["examples", index, name], message: among(readable) })),
  );
}

function rolloutFaults({ source, task, serving, rollout: { strategy } }: Skeleton): CrossFault[] {
  const supported = SUPPORTED_STRATEGIES[serving.mode as ServingMode] as readonly string[] | undefined;
  const path: Path = ["rollout", "strategy"];
  // A caller may send what the model doesn't read, too: most often it is an identifier that a caller sticks by.
  const sent = new Set([...Object.keys(source.columns), ...Object.keys(source.unused)]);
  if (task.target !== null) sent.delete(task.target);
  const worstLoss = task.kind === "regression" ? (task.max ?? Infinity) - (task.min ?? -Infinity) : 1;
  return [
    ...(supported === undefined || strategy.kind === null || supported.includes(strategy.kind)
      ? []
      : [
          {
            path: [...path, "kind"],
            message: `a ${serving.mode} model can't be rolled out so; ${among(new Set(supported))}`,
          },
        ]),
    ...(typeof strategy.stickyBy !== "string" || sent.has(strategy.stickyBy)
      ? []
      : [{ path: [...path, "stickyBy"], message: among(sent) }]),
    ...(strategy.worthwhileGain === null || strategy.worthwhileGain < worstLoss
      ? []
      : [
          {
            path: [...path, "worthwhileGain"],
            message: `expected less than ${worstLoss}, the largest loss that one prediction can have`,
          },
        ]),
  ];
}

function searchFaults({ algorithms }: Skeleton): CrossFault[] {
  return algorithms.flatMap(({ kind, space }, index) =>
    kind === null || !(kind in HYPERPARAMETERS)
      ? []
      : spaceFaults({ kind: kind as AlgorithmKind, space }).map(({ name, message }) => ({
          path: ["algorithms", index, "space", name],
          message,
        })),
  );
}

function featureFaults({ source, derived, features }: Skeleton): CrossFault[] {
  const readable = new Set([...Object.keys(source.columns), ...Object.keys(derived)]);
  const declared = new Set<string>();
  return features.flatMap((feature, index) => {
    const { column: one, numerator, denominator, minuend, subtrahend } = feature;
    const read = [one, numerator, denominator, minuend, subtrahend, ...feature.columns].filter(
      (name) => name !== null,
    );
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
