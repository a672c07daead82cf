import type { EndpointResponse, Prediction, ReplayBatch, WorkloadSpec } from "@perennial/contracts";
import { groupRows, PRIMARY, valueOf } from "@perennial/statistics";

/** How a batch went: counts of what was sent and of what lies in the lake, and what both say together. */
export interface ReplayedBatch {
  name: string;
  drift: ReplayBatch["drift"];
  /** Virtual times, ISO 8601: when it was sent, and when its outcomes were known. */
  sentAt: string;
  labelledAt: string;
  /** Invocations of the endpoint, and predictions in its answers. */
  requests: number;
  records: number;
  /** Requests that the endpoint answered 4xx: they have no capture and no label. */
  refused: number;
  /** Inference ids of the batch among the captured answers and among the labels, and those in both. */
  captured: number;
  labels: number;
  joined: number;
  /** Versions that answered, ascending. */
  versions: number[];
  /** Mean of the predictions' first value; null where no capture has its label. */
  meanPredicted: number | null;
  /** Mean of what came true: for a binary task the share of the positive. Null like the above. */
  meanObserved: number | null;
  metric: WorkloadSpec["gate"]["primary"];
  /** The gate's primary metric of the captured answers against their labels; null where it isn't defined. */
  value: number | null;
  /** Key of the labels in the lake. */
  labelsKey: string;
  /** Whether every record that was answered has its label and, where all are to be captured, its capture. */
  isWhole: boolean;
}

/** What the lake holds of a batch; all by inference id. */
export interface InLake {
  captured: ReadonlyMap<string, EndpointResponse>;
  labels: ReadonlyMap<string, number>;
  groups: ReadonlyMap<string, string>;
}

/** What was counted while the batch was sent and labelled. */
export type Sent = Pick<
  ReplayedBatch,
  "name" | "drift" | "sentAt" | "labelledAt" | "requests" | "records" | "refused" | "labelsKey"
>;

/** Joins answers and outcomes by inference id, as a monitor does, and measures what is in both. */
export function summarise(
  sent: Sent,
  { captured, labels, groups }: InLake,
  spec: WorkloadSpec,
): ReplayedBatch {
  const ids = [...labels.keys()].filter((id) => captured.has(id));
  const values = ids.flatMap((id) => captured.get(id)?.predictions.map(valuesOf) ?? []);
  const observed = Float64Array.from(ids, (id) => labels.get(id) ?? NaN);
  const { primary } = spec.gate;
  return {
    ...sent,
    captured: captured.size,
    labels: labels.size,
    joined: ids.length,
    isWhole:
      labels.size === sent.records &&
      (captured.size === sent.records || spec.monitoring.capturePercent < 100),
    versions: [...new Set([...captured.values()].map(({ model }) => model.version))].toSorted(
      (a, b) => a - b,
    ),
    meanPredicted: mean(values.map(([first = NaN]) => first)),
    meanObserved: mean([...observed]),
    metric: primary,
    value: ids.length === 0 ? null : metricOf(primary, values, observed, ids, groups),
  };
}

function metricOf(
  primary: ReplayedBatch["metric"],
  values: readonly number[][],
  labels: Float64Array,
  ids: readonly string[],
  groupOf: ReadonlyMap<string, string>,
): number | null {
  const groups = groupRows(ids.map((id) => groupOf.get(id) ?? ""));
  const predictions = Float64Array.from(values.flat());
  const rows = { labels, columns: values[0]?.length ?? 0, predictions };
  // A batch whose outcomes are all alike has no AUC.
  return finite(valueOf(PRIMARY[primary].statistic(rows, groups), groups));
}

function mean(numbers: readonly number[]): number | null {
  return finite(numbers.reduce((sum, number) => sum + number, 0) / numbers.length);
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);

function valuesOf(prediction: Prediction): number[] {
  if ("probability" in prediction) return [prediction.probability];
  if ("probabilities" in prediction) return Object.values(prediction.probabilities);
  return [prediction.estimate, prediction.lower, prediction.upper];
}
