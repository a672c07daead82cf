import type { Calibration, Metrics, ModelCard } from "@perennial/contracts";
import { figuresOf } from "./figures.ts";
import { calibrationPlot, estimatePlot, type Plot } from "./plot.ts";
import { count, estimate, figure, plural, share } from "./wording.ts";

/** A card's content without a form: Markdown and HTML say the same because both are made of it. */
export interface Section {
  readonly title: string;
  readonly blocks: readonly Block[];
}

export type Block =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "list"; readonly items: readonly string[] }
  | {
      readonly kind: "table";
      readonly caption: string;
      readonly header: readonly string[];
      readonly rows: readonly (readonly string[])[];
    }
  | { readonly kind: "plot"; readonly plot: Plot };

/** @param unit of the target where it is a quantity, else "". */
export function sectionsOf(card: ModelCard, unit: string): Section[] {
  const { verdict, data, algorithm } = card;
  return [
    { title: "Verdict", blocks: verdictBlocks(verdict) },
    { title: "Intended use", blocks: [text(card.intendedUse)] },
    { title: "Limits", blocks: [{ kind: "list", items: card.limits }] },
    { title: "Metrics", blocks: metricBlocks(card, unit) },
    { title: "Calibration", blocks: plotBlocks(card, unit) },
    { title: "Slices", blocks: sliceBlocks(card) },
    {
      title: "Data",
      blocks: [
        text(`${data.citation} Licence: ${data.licence}. Snapshot ${data.snapshotSha256}.`),
        partTable(data.rows),
        ...(data.excluded.length === 0
          ? []
          : [text("Left out of the data, and refused at the endpoint:"), list(data.excluded)]),
      ],
    },
    {
      title: "Algorithm",
      blocks: [
        table(
          `Fitted by ${algorithm.kind}.`,
          ["hyperparameter", "value"],
          Object.entries(algorithm.hyperparameters).map(([name, value]) => [name, String(value)]),
        ),
      ],
    },
    {
      title: "Lineage",
      blocks: [
        table(
          "Where it comes from; documents by their place, files by their SHA-256.",
          ["what", "which"],
          Object.entries(card.lineage),
        ),
      ],
    },
  ];
}

const text = (content: string): Block => ({ kind: "text", text: content });
const list = (items: readonly string[]): Block => ({ kind: "list", items });
const table = (caption: string, header: readonly string[], rows: readonly (readonly string[])[]): Block => ({
  kind: "table",
  caption,
  header,
  rows,
});

function verdictBlocks({ reason, checks, look }: ModelCard["verdict"]): Block[] {
  const taken =
    look === null
      ? "The holdout was not looked at."
      : `Look ${count(look.number)} of ${count(look.of)} at holdout ${look.holdoutSha256.slice(0, 12)}.`;
  const rows = checks.map(({ name, outcome, finding, limit }) => [name, outcome, finding, limit ?? ""]);
  return [
    text(reason),
    text(taken),
    table("Every rule of the gate.", ["rule", "outcome", "finding", "limit"], rows),
  ];
}

function metricBlocks({ holdout, audit }: ModelCard, unit: string): Block[] {
  const ofAudit = new Map(figuresOf(audit, unit).map(({ name, shown }) => [name, shown]));
  const rows = figuresOf(holdout, unit).map(({ name, shown, meaning }) => [
    name,
    ofAudit.get(name) ?? "",
    shown,
    meaning,
  ]);
  return [
    text(
      "No decision rests on the audit part: its figures are what to expect. The holdout's helped to choose the model. " +
        "In brackets: 95 % intervals by resampling whole groups.",
    ),
    table("Figures of the model.", ["metric", "audit", "holdout", "what it is"], rows),
  ];
}

/** The curves of both parts, one plot for each probability or one for a quantity. */
function plotBlocks({ holdout, audit }: ModelCard, unit: string): Block[] {
  const ofHoldout = curvesOf(holdout);
  return curvesOf(audit).flatMap(({ name, curve }, place): Block[] => {
    const series = [
      { name: "audit", curve },
      { name: "holdout", curve: ofHoldout[place]?.curve ?? [] },
    ];
    const plot = audit.kind === "regression" ? estimatePlot(series, unit) : calibrationPlot(series, name);
    const shown = audit.kind === "regression" ? figure : share;
    const rows = series.flatMap((each) =>
      each.curve.map((bin) => [each.name, count(bin.rows), shown(bin.predicted), shown(bin.observed)]),
    );
    return [
      { kind: "plot", plot },
      table(`${plot.title}, as numbers.`, ["part", "rows", "mean prediction", "observed"], rows),
    ];
  });
}

function curvesOf(metrics: Metrics): { name: string; curve: Calibration["curve"] }[] {
  if (metrics.kind === "binary") return [{ name: "", curve: metrics.calibration.curve }];
  if (metrics.kind === "regression") return [{ name: "", curve: metrics.curve }];
  return metrics.classes.map(({ name, calibration }) => ({ name, curve: calibration.curve }));
}

function sliceBlocks({ slices, verdict }: ModelCard): Block[] {
  if (slices.length === 0) return [text("The workload names no columns to slice by.")];
  const rows = slices.map(({ column, level, rows: size, classRows, champion, challenger }) => [
    column,
    level,
    classRows.length === 0 ? count(size) : `${count(size)}: ${classRows.map(count).join(", ")}`,
    figure(challenger),
    figure(champion),
  ]);
  const judged = verdict.checks.filter(({ name }) => name === "slice");
  const small = judged.filter(({ outcome }) => outcome === "too few").length;
  return [
    text(
      `The gate's metric on the holdout, level by level. ${plural(judged.length, "level")} ` +
        `judged, of which ${count(small)} had too few rows to count; what was found stands among the rules.`,
    ),
    table(
      "Levels of the slicing columns.",
      ["column", "level", "rows (by class)", "this model", "champion"],
      rows,
    ),
  ];
}

function partTable(parts: ModelCard["data"]["rows"]): Block {
  return table(
    "Parts of the data. Groups stay together; holdout and audit were sealed from training.",
    ["part", "rows", "groups", "rows by class"],
    Object.entries(parts).map(([part, { rows, groups, classRows }]) => [
      part,
      count(rows),
      count(groups),
      classRows.length === 0 ? "–" : classRows.map(count).join(", "),
    ]),
  );
}

/** One line for the top of a card. */
export function headline({ audit, verdict }: ModelCard, unit: string): string {
  const [first] = figuresOf(audit, unit);
  const metric = first === undefined ? "" : `${first.name} ${first.shown} on the audit part`;
  return `${metric}; verdict: ${verdict.status}, ${estimate(verdict.difference)} against the champion on the holdout.`;
}
