import { invalid } from "./requests.ts";
import { mayPutMetrics } from "./role-duties.ts";
import type { Caller, Surroundings } from "./surroundings.ts";

const NAMESPACE = "/aws/sagemaker/TrainingJobs";

/** Finds a training job's metrics in its log, by the regular expressions that the job was given. */
export class MetricReader {
  private readonly definitions: { name: string; regex: RegExp }[];
  private readonly publish: (name: string, value: number) => void;
  private readonly now: () => number;
  private readonly values = new Map<string, { MetricName: string; Value: number; Timestamp: number }>();

  private constructor(
    definitions: { name: string; regex: RegExp }[],
    publish: (name: string, value: number) => void,
    now: () => number,
  ) {
    this.definitions = definitions;
    this.publish = publish;
    this.now = now;
  }

  /** Metrics go to CloudWatch with the role's permission; without it only the job's description has them. */
  static async open(
    surroundings: Surroundings,
    caller: Caller,
    jobName: string,
    definitions: readonly { Name: string; Regex: string }[],
  ): Promise<MetricReader> {
    const { metrics, clock } = surroundings;
    const isAllowed = await mayPutMetrics(surroundings, caller, NAMESPACE);
    const publish = (name: string, value: number): void => {
      if (!isAllowed) return;
      metrics({ namespace: NAMESPACE, name, value, dimensions: { TrainingJobName: jobName } });
    };
    return new MetricReader(definitions.map(compiled), publish, () => clock.now() / 1000);
  }

  read(line: string): void {
    for (const { name, regex } of this.definitions) {
      const value = Number(regex.exec(line)?.[1] ?? Number.NaN);
      if (Number.isNaN(value)) continue;
      this.values.set(name, { MetricName: name, Value: value, Timestamp: this.now() });
      this.publish(name, value);
    }
  }

  /** The last value of each metric. */
  latest(): { MetricName: string; Value: number; Timestamp: number }[] {
    return [...this.values.values()];
  }
}

function compiled({ Name, Regex }: { Name: string; Regex: string }): { name: string; regex: RegExp } {
  try {
    return { name: Name, regex: new RegExp(Regex) };
  } catch {
    throw invalid(
      `MetricDefinitions: the Regex of ${Name} is ${JSON.stringify(Regex)}, no regular expression.`,
    );
  }
}
