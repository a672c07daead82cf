import { ApiError } from "../gateway/interfaces.ts";
import { parseExpression } from "./expression.ts";
import { keyOf, type MetricName, type Metrics } from "./metrics.ts";

/** What an alarm watches: the values of one metric, or of an expression over several. */
export interface Series {
  /** Seconds. */
  period: number;
  /** The value of [from, to), or undefined where there is none. */
  value: (metrics: Metrics, from: number, to: number) => number | undefined;
  /** Two series of the same key watch the same thing. */
  key: string;
  /** As events of the alarm show it. */
  shown: { id: string; returnData: boolean; expression?: string; metricStat?: object }[];
}

type Json = Record<string, unknown>;

interface Query {
  Id: string;
  Expression?: string;
  MetricStat?: { Metric: Json; Period: number | string; Stat: string };
  ReturnData?: boolean;
}

/** @throws {ApiError} naming the member that is missing or wrong. */
export function seriesOf(input: Json): Series {
  if (input["Metrics"] !== undefined) return seriesOfMath(input["Metrics"] as Query[]);
  for (const member of ["Namespace", "MetricName", "Period"]) {
    if (input[member] === undefined) {
      throw new ApiError("ValidationError", `The parameter ${member} is required.`);
    }
  }
  if ((input["Statistic"] === undefined) === (input["ExtendedStatistic"] === undefined)) {
    throw new ApiError("ValidationError", "Exactly one of Statistic and ExtendedStatistic must be given.");
  }
  const stat = String(input["Statistic"] ?? input["ExtendedStatistic"]);
  return seriesOfMetric("m1", nameOf(input), Number(input["Period"]), stat);
}

function seriesOfMetric(id: string, metric: MetricName, period: number, stat: string): Series {
  return {
    period,
    value: (metrics, from, to) => metrics.statistic(metric, stat, from, to),
    key: `${keyOf(metric)} ${stat}`,
    shown: [{ id, metricStat: { metric, period, stat }, returnData: true }],
  };
}

function seriesOfMath(queries: Query[]): Series {
  const invalid = (message: string): ApiError => new ApiError("ValidationError", message);
  const returned = queries.filter(({ ReturnData }) => ReturnData !== false);
  const [result] = returned;
  if (result === undefined || returned.length > 1) {
    throw invalid(`${returned.length} of the Metrics return data, expected exactly one.`);
  }
  const periods = new Set(
    queries.flatMap(({ MetricStat }) => (MetricStat ? [Number(MetricStat.Period)] : [])),
  );
  const [period] = periods;
  if (period === undefined || periods.size > 1) {
    throw invalid(`The Metrics have ${periods.size} periods; expressions over exactly one are emulated.`);
  }
  const parsed = new Map(
    queries.map(({ Id, Expression, MetricStat }) => {
      if ((Expression === undefined) === (MetricStat === undefined)) {
        throw invalid(`Metric ${Id}: exactly one of Expression and MetricStat must be given.`);
      }
      try {
        return [Id, { stat: MetricStat, expression: parseExpression(Expression ?? Id) }] as const;
      } catch (cause) {
        throw invalid((cause as Error).message);
      }
    }),
  );
  const value: Series["value"] = (metrics, from, to) => {
    const of = (id: string): number | undefined => {
      const query = parsed.get(id);
      if (query === undefined) throw new Error(`an expression names ${id}, which is none of the Metrics.`);
      const { stat, expression } = query;
      if (stat === undefined) return expression(of);
      return metrics.statistic(nameOf(stat.Metric), stat.Stat, from, to);
    };
    return of(result.Id);
  };
  const shown = queries.map(({ Id: id, Expression: expression, MetricStat }) => ({
    id,
    returnData: id === result.Id,
    ...(expression === undefined ? {} : { expression }),
    ...(MetricStat === undefined
      ? {}
      : { metricStat: { metric: nameOf(MetricStat.Metric), period, stat: MetricStat.Stat } }),
  }));
  return { period, value, key: JSON.stringify(queries), shown };
}

export function nameOf({ Namespace, MetricName, Dimensions }: Json): MetricName {
  const dimensions = (Dimensions as { Name: string; Value: string }[] | undefined) ?? [];
  return {
    namespace: String(Namespace),
    name: String(MetricName),
    dimensions: Object.fromEntries(dimensions.map(({ Name, Value }) => [Name, Value])),
  };
}
