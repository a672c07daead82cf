import type { MetricSink } from "../gateway/interfaces.ts";

/** A metric by name: namespace, name and the exact set of its dimensions. */
export interface MetricName {
  namespace: string;
  name: string;
  dimensions: Record<string, string>;
}

/** One datum: a value and how often it occurred, so that statistic sets and value arrays stay what they are. */
interface Datum {
  at: number;
  value: number;
  count: number;
}

/** Older data is dropped: CloudWatch keeps high resolution for fifteen days too. */
const KEPT_MS = 15 * 86_400_000;

/** The data of all metrics, in memory: alarms look minutes back, and the history is the ledger's to keep. */
export class Metrics {
  private readonly data = new Map<string, { metric: MetricName; data: Datum[] }>();
  private readonly now: () => number;

  constructor(now: () => number) {
    this.now = now;
  }

  /** Records one datum at the clock's time. */
  readonly sink: MetricSink = ({ namespace, name, dimensions, value }) => {
    this.put({ namespace, name, dimensions }, value);
  };

  put(metric: MetricName, value: number, count = 1, at = this.now()): void {
    const key = keyOf(metric);
    const entry = this.data.get(key) ?? { metric, data: [] };
    this.data.set(key, entry);
    entry.data.push({ at, value, count });
    const oldest = this.now() - KEPT_MS;
    if ((entry.data[0]?.at ?? oldest) < oldest) entry.data = entry.data.filter((datum) => datum.at >= oldest);
  }

  list(): MetricName[] {
    return [...this.data.values()].map(({ metric }) => metric);
  }

  /** The statistic of what was recorded in [from, to), or undefined where nothing was. */
  statistic(metric: MetricName, statistic: string, from: number, to: number): number | undefined {
    const data = (this.data.get(keyOf(metric))?.data ?? []).filter(({ at }) => at >= from && at < to);
    return data.length === 0 ? undefined : summarise(data, statistic);
  }
}

/** @throws where the statistic is not emulated. */
function summarise(data: readonly Datum[], statistic: string): number {
  const count = data.reduce((total, datum) => total + datum.count, 0);
  const sum = data.reduce((total, datum) => total + datum.value * datum.count, 0);
  const [, percent] = /^p(\d{1,2}(?:\.\d+)?|100)$/.exec(statistic) ?? [];
  if (percent !== undefined) return percentile(data, (Number(percent) / 100) * count);
  switch (statistic) {
    case "SampleCount":
      return count;
    case "Sum":
      return sum;
    case "Average":
      return sum / count;
    case "Minimum":
      return Math.min(...data.map(({ value }) => value));
    case "Maximum":
      return Math.max(...data.map(({ value }) => value));
    default:
      throw new Error(
        `statistic ${JSON.stringify(statistic)}: expected SampleCount, Sum, Average, Minimum, Maximum or p0 to p100.`,
      );
  }
}

function percentile(data: readonly Datum[], rank: number): number {
  const ordered = data.toSorted((one, other) => one.value - other.value);
  let seen = 0;
  for (const { value, count } of ordered) {
    seen += count;
    if (seen >= rank) return value;
  }
  return ordered.at(-1)?.value ?? Number.NaN;
}

export function keyOf({ namespace, name, dimensions }: MetricName): string {
  const pairs = Object.entries(dimensions).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return JSON.stringify([namespace, name, pairs]);
}
