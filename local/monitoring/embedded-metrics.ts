import type { MetricSink } from "../gateway/interfaces.ts";

interface Directive {
  Namespace: string;
  Dimensions: string[][];
  Metrics: { Name: string; Unit?: string }[];
}

/**
 * Takes the metrics out of a log line in CloudWatch's embedded metric format, as CloudWatch Logs does; any other line
 * holds none. One datum for each metric and each set of dimensions.
 */
export function extractMetrics(line: string, sink: MetricSink): void {
  if (!line.includes('"CloudWatchMetrics"')) return;
  let document: Record<string, unknown>;
  try {
    document = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return;
  }
  const { CloudWatchMetrics: directives } = (document["_aws"] ?? {}) as { CloudWatchMetrics?: Directive[] };
  for (const { Namespace, Dimensions, Metrics } of directives ?? []) {
    for (const { Name, Unit } of Metrics) {
      const values = [document[Name]].flat().filter((value) => typeof value === "number");
      for (const names of Dimensions.length === 0 ? [[]] : Dimensions) {
        const dimensions = Object.fromEntries(names.map((name) => [name, String(document[name])]));
        for (const value of values) {
          sink({
            namespace: Namespace,
            name: Name,
            dimensions,
            value,
            ...(Unit === undefined ? {} : { unit: Unit }),
          });
        }
      }
    }
  }
}
