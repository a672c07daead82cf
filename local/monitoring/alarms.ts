import { keyOf, type MetricName, type Metrics } from "./metrics.ts";

export type AlarmState = "OK" | "ALARM" | "INSUFFICIENT_DATA";

/** A metric alarm on one metric, in the words of PutMetricAlarm. */
export interface Alarm {
  AlarmName: string;
  AlarmArn: string;
  AlarmDescription?: string;
  ActionsEnabled?: boolean;
  AlarmActions?: string[];
  OKActions?: string[];
  InsufficientDataActions?: string[];
  Namespace: string;
  MetricName: string;
  Dimensions: { Name: string; Value: string }[];
  Statistic?: string;
  ExtendedStatistic?: string;
  Unit?: string;
  /** Seconds. */
  Period: number;
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
  const period = alarm.Period * 1000;
  const end = Math.floor(now / period) * period;
  const values = Array.from({ length: alarm.EvaluationPeriods }, (_, place) => {
    const from = end - (alarm.EvaluationPeriods - place) * period;
    return metrics.statistic(metricOf(alarm), statisticOf(alarm), from, from + period);
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

export const metricOf = ({ Namespace, MetricName, Dimensions }: Alarm): MetricName => ({
  namespace: Namespace,
  name: MetricName,
  dimensions: Object.fromEntries(Dimensions.map(({ Name, Value }) => [Name, Value])),
});

export const statisticOf = ({ Statistic, ExtendedStatistic }: Alarm): string =>
  Statistic ?? ExtendedStatistic ?? "";

/** Whether two alarms watch the same metric in the same way, so that a change of one keeps its state. */
export const watchesSame = (one: Alarm, other: Alarm): boolean =>
  keyOf(metricOf(one)) === keyOf(metricOf(other)) && statisticOf(one) === statisticOf(other);

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
