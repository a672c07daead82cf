import { Logger } from "@aws-lambda-powertools/logger";
import { Metrics, MetricUnit } from "@aws-lambda-powertools/metrics";

/** What a function tells the outside while it works. Handlers get one; tests give them a recorder. */
export interface Telemetry {
  /** Writes a structured line. `identifiers` name things (workload, execution, version): never whole events, never records. */
  log(message: string, identifiers: Readonly<Record<string, string | number | boolean | null>>): void;
  /** Adds 1 to a metric of the namespace `Perennial`, under these dimensions and `service`, the function's name. */
  count(metric: string, dimensions: Readonly<Record<string, string>>): void;
}

/** Logs and embedded metrics (EMF) by Powertools, on standard output, where Lambda's log group takes them from. */
export function openTelemetry(functionName: string): Telemetry {
  const logger = new Logger({ serviceName: functionName });
  const metrics = new Metrics({ namespace: "Perennial", serviceName: functionName });
  return {
    log: (message, identifiers) => logger.info(message, { ...identifiers }),
    count: (metric, dimensions) => {
      // Its own line at once: dimensions of a shared batch would apply to every metric in it.
      const single = metrics.singleMetric();
      single.addDimensions({ ...dimensions });
      single.addMetric(metric, MetricUnit.Count, 1);
    },
  };
}
