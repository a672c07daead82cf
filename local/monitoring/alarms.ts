import type { Series } from "./alarm-series.ts";
import type { Metrics } from "./metrics.ts";

export type AlarmState = "OK" | "ALARM" | "INSUFFICIENT_DATA";

/** A metric alarm, in the words of PutMetricAlarm. */
export interface Alarm {
  AlarmName: string;
  AlarmArn: string;
  AlarmDescription?: string;
  ActionsEnabled?: boolean;
  AlarmActions?: string[];
  OKActions?: string[];
  InsufficientDataActions?: string[];
  /** What it watches; the members of the request that say so are kept for who describes the alarm. */
  series: Series;
  MetricName?: string;
  Dimensions?: { Name: string; Value: string }[];
  EvaluationPeriods: number;
  DatapointsToAlarm?: number;
  Threshold: number;
  ComparisonOperator: string;
  TreatMissingData?: string;
}

export interface Evaluation {
  state: AlarmState;
  reason: string;
}

/**
 * What an alarm finds when it is looked at: the last `EvaluationPeriods` whole periods before `now`, of which
 * `DatapointsToAlarm` must breach. Answers null where its state is to be kept.
 *
 * CloudWatch also looks at a few periods before those when data is late; here it never is.
 */
export function evaluate(alarm: Alarm, metrics: Metrics, now: number): Evaluation | null {
  const period = alarm.series.period * 1000;
  const end = Math.floor(now / period) * period;
  const values = Array.from({ length: alarm.EvaluationPeriods }, (_, place) => {
    const from = end - (alarm.EvaluationPeriods - place) * period;
    return alarm.series.value(metrics, from, from + period);
  });
  const present = values.filter((value) => value !== undefined);
  const missing = alarm.TreatMissingData ?? "missing";
  const needed = alarm.DatapointsToAlarm ?? alarm.EvaluationPeriods;
  if (present.length === 0 && missing === "ignore") return null;
  if (present.length === 0 && missing === "missing") {
    return {
      state: "INSUFFICIENT_DATA",
      reason: `Insufficient Data: ${values.length} datapoints were missing.`,
    };
  }
  const breaching = values.filter((value) =>
    value === undefined ? missing === "breaching" : breaches(alarm, value),
  ).length;
  // Data that is missing where it isn't given a meaning can't confirm an alarm and can't end one either.
  if (breaching < needed && missing === "ignore" && present.length < needed) return null;
  const shown = present.map((value) => Number(value.toPrecision(6))).join(", ");
  const found = `${breaching} of the last ${values.length} datapoints [${shown}] ${breaching === 1 ? "was" : "were"} ${
    WORDS[alarm.ComparisonOperator] ?? alarm.ComparisonOperator
  } the threshold (${alarm.Threshold})`;
  return breaching >= needed
    ? {
        state: "ALARM",
        reason: `Threshold Crossed: ${found} (minimum ${needed} for OK -> ALARM transition).`,
      }
    : { state: "OK", reason: `Threshold Crossed: ${found}; fewer than ${needed}.` };
}

const WORDS: Record<string, string> = {
  GreaterThanThreshold: "greater than",
  GreaterThanOrEqualToThreshold: "greater than or equal to",
  LessThanThreshold: "less than",
  LessThanOrEqualToThreshold: "less than or equal to",
};

export const COMPARISONS: readonly string[] = Object.keys(WORDS);

function breaches({ ComparisonOperator, Threshold }: Alarm, value: number): boolean {
  switch (ComparisonOperator) {
    case "GreaterThanThreshold":
      return value > Threshold;
    case "GreaterThanOrEqualToThreshold":
      return value >= Threshold;
    case "LessThanThreshold":
      return value < Threshold;
    default:
      return value <= Threshold;
  }
}
