import type { Metrics, ModelCard } from "@perennial/contracts";
import { z } from "zod";
import { figuresOf } from "./figures.ts";

const text = (most: number) => z.string().max(most);
const named = text(255).min(1);

const MetricData = z.discriminatedUnion("type", [
  z.strictObject({ name: named, type: z.literal("number"), value: z.number(), notes: text(1024).optional() }),
  z.strictObject({ name: named, type: z.literal("string"), value: text(63), notes: text(1024).optional() }),
  z.strictObject({
    name: named,
    type: z.literal("linear_graph"),
    value: z.array(z.tuple([z.number(), z.number()])).min(1),
    notes: text(1024).optional(),
    x_axis_name: text(63).optional(),
    y_axis_name: text(63).optional(),
  }),
]);
type MetricData = z.output<typeof MetricData>;

/**
 * The part of SageMaker's model card JSON schema that is filled (SageMaker developer guide, "Model card JSON schema"), with
 * its limits of length. It knows no other property.
 */
export const SageMakerContent = z.strictObject({
  model_overview: z.strictObject({
    model_name: text(1024),
    model_description: text(1024),
    model_creator: text(1024),
    problem_type: z.string(),
    algorithm_type: text(1024),
    model_artifact: z.array(text(1024)).max(15),
  }),
  intended_uses: z.strictObject({
    purpose_of_model: text(2048),
    intended_uses: text(2048),
    factors_affecting_model_efficiency: text(2048),
    risk_rating: z.enum(["High", "Medium", "Low", "Unknown"]),
  }),
  training_details: z.strictObject({
    training_observations: text(1024),
    training_job_details: z.strictObject({
      training_datasets: z.array(text(1024)).max(15),
      user_provided_hyper_parameters: z.array(z.strictObject({ name: named, value: named })).max(100),
    }),
  }),
  evaluation_details: z.array(
    z.strictObject({
      name: text(63).min(1),
      evaluation_observation: text(2096),
      metadata: z.record(z.string(), text(1024)),
      metric_groups: z.array(z.strictObject({ name: text(63).min(1), metric_data: z.array(MetricData) })),
    }),
  ),
  additional_information: z.strictObject({
    caveats_and_recommendations: text(2048),
    custom_details: z.record(z.string(), text(1024)),
  }),
});
export type SageMakerContent = z.output<typeof SageMakerContent>;

const PROBLEM: Readonly<Record<Metrics["kind"], string>> = {
  binary: "Binary classification",
  multiclass: "Multiclass classification",
  regression: "Regression",
};

/** A model card as SageMaker holds it: the same figures, shortened where it allows less. */
export function toSageMakerContent(card: ModelCard, unit: string): SageMakerContent {
  const { lineage, verdict } = card;
  const limits = card.limits.map((limit) => `- ${limit}`).join("\n");
  return {
    model_overview: {
      model_name: card.workload,
      model_description: within(1024, `${card.title}, artifact ${card.artifactVersion}. ${card.intendedUse}`),
      model_creator: within(1024, `Perennial, execution ${card.execution}`),
      problem_type: PROBLEM[card.audit.kind],
      algorithm_type: card.algorithm.kind,
      model_artifact: [lineage["artifact"] ?? ""],
    },
    intended_uses: {
      purpose_of_model: within(2048, card.title),
      intended_uses: within(2048, card.intendedUse),
      factors_affecting_model_efficiency: within(2048, limits),
      // A rating is a person's to give.
      risk_rating: "Unknown",
    },
    training_details: {
      training_observations: within(1024, `Trained by the job ${lineage["trainingJob"] ?? "unknown"}.`),
      training_job_details: {
        training_datasets: [within(1024, `Snapshot ${card.data.snapshotSha256}. ${card.data.citation}`)],
        user_provided_hyper_parameters: Object.entries(card.algorithm.hyperparameters)
          .slice(0, 100)
          .map(([name, value]) => ({ name, value: String(value) })),
      },
    },
    evaluation_details: [
      {
        name: "audit",
        evaluation_observation: "On rows that no decision has seen: these figures are what to expect.",
        metadata: sizeOf(card, "audit"),
        metric_groups: groupsOf(card.audit, unit),
      },
      {
        name: "holdout",
        evaluation_observation: within(2096, `On the rows that the model was chosen by. ${verdict.reason}`),
        metadata: { ...sizeOf(card, "holdout"), verdict: verdict.status },
        metric_groups: groupsOf(card.holdout, unit),
      },
    ],
    additional_information: {
      caveats_and_recommendations: within(2048, limits),
      custom_details: Object.fromEntries(
        Object.entries(lineage).map(([name, value]) => [name, within(1024, value)]),
      ),
    },
  };
}

function sizeOf({ data }: ModelCard, part: string): Record<string, string> {
  const { rows, groups } = data.rows[part] ?? { rows: 0, groups: 0 };
  return { rows: String(rows), groups: String(groups) };
}

function groupsOf(
  metrics: Metrics,
  unit: string,
): SageMakerContent["evaluation_details"][number]["metric_groups"] {
  const figures = figuresOf(metrics, unit).map(({ name, shown, value, meaning }): MetricData => {
    const notes = within(1024, `${shown}: ${meaning}`);
    return value === null
      ? { name, type: "string", value: "undefined", notes }
      : { name, type: "number", value, notes };
  });
  return [
    { name: "metrics", metric_data: figures },
    { name: "calibration", metric_data: curvesOf(metrics) },
  ];
}

function curvesOf(metrics: Metrics): MetricData[] {
  const curves =
    metrics.kind === "multiclass"
      ? metrics.classes.map(({ name, calibration }) => ({ name: ` of ${name}`, curve: calibration.curve }))
      : [{ name: "", curve: metrics.kind === "binary" ? metrics.calibration.curve : metrics.curve }];
  return curves.flatMap(({ name, curve }): MetricData[] => {
    const value = curve.map(({ predicted, observed }): [number, number] => [predicted, observed]);
    if (value.length === 0) return [];
    const axes = { x_axis_name: "mean prediction", y_axis_name: "observed" };
    return [{ name: `Observed by predicted${name}`, type: "linear_graph", value, ...axes }];
  });
}

function within(most: number, content: string): string {
  return content.length <= most ? content : `${content.slice(0, most - 1)}…`;
}
