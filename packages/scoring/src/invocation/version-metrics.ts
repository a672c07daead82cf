import { type AnsweringModel, PROBE_PREFIX } from "@perennial/contracts";

const NAMESPACE = "Perennial/Serving";

/** Most values of one metric that CloudWatch takes in one line (embedded metric format, `Metrics`). */
const MAX_VALUES = 100;

/** What is known of a request that a model version answered; nothing of what it held. */
export interface MeasuredRequest {
  /** Inference id, or a name that the request was given. */
  readonly requestId: string;
  readonly status: number;
  readonly durationMicros: number;
  /** How many records were predicted. */
  readonly records: number;
  /** Sum of the first output over the records, and of its square. */
  readonly predictionSum: number;
  readonly predictionSquares: number;
}

export interface VersionMetricsArgs {
  /** Takes a line: an object with CloudWatch's embedded metrics in it. */
  write: (line: Record<string, unknown>) => void;
  /** Milliseconds since 1970. */
  now: () => number;
  /**
   * Longest that a request waits for its line, in milliseconds.
   *
   * @default 10000
   */
  everyMs?: number;
  /**
   * Most requests of one line.
   *
   * @default 1000
   */
  everyRequests?: number;
}

/** What is summed for one line. */
class Sums {
  requests = 0;
  refused = 0;
  failed = 0;
  records = 0;
  predictionSum = 0;
  predictionSquares = 0;
  readonly latencies: number[] = [];

  add({ status, records, durationMicros, predictionSum, predictionSquares }: MeasuredRequest): void {
    this.requests += 1;
    if (status >= 500) this.failed += 1;
    else if (status >= 400) this.refused += 1;
    this.records += records;
    this.predictionSum += predictionSum;
    this.predictionSquares += predictionSquares;
    this.latencies.push(durationMicros);
  }

  metrics(prefix: string): Record<string, { unit: string; value: number | number[] }> {
    return {
      [`${prefix}Requests`]: { unit: "Count", value: this.requests },
      [`${prefix}Refused`]: { unit: "Count", value: this.refused },
      [`${prefix}Failed`]: { unit: "Count", value: this.failed },
      [`${prefix}Records`]: { unit: "Count", value: this.records },
      [`${prefix}PredictionSum`]: { unit: "None", value: this.predictionSum },
      [`${prefix}PredictionSquares`]: { unit: "None", value: this.predictionSquares },
      [`${prefix}LatencyMicros`]: { unit: "Microseconds", value: evenRanks(this.latencies) },
    };
  }
}

/**
 * What a model version did, as lines of the log (CloudWatch embedded metric format): nothing scrapes a container behind
 * SageMaker. Requests are summed up for some seconds: a line for each costs more processor time than its JSON and is
 * billed by its bytes. Synthetic requests are counted by names of their own, so that they stand in for real ones only
 * where somebody asks for them.
 */
export class VersionMetrics {
  readonly #write: VersionMetricsArgs["write"];
  readonly #now: () => number;
  readonly #everyMs: number;
  readonly #everyRequests: number;
  #model: AnsweringModel | undefined;
  #sums = { asked: new Sums(), probed: new Sums() };
  #timer: NodeJS.Timeout | undefined;

  constructor({ write, now, everyMs = 10_000, everyRequests = 1_000 }: VersionMetricsArgs) {
    this.#write = write;
    this.#now = now;
    this.#everyMs = everyMs;
    this.#everyRequests = everyRequests;
  }

  add(request: MeasuredRequest, model: AnsweringModel): void {
    this.#model = model;
    const { asked, probed } = this.#sums;
    (request.requestId.startsWith(PROBE_PREFIX) ? probed : asked).add(request);
    if (asked.requests + probed.requests >= this.#everyRequests) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), this.#everyMs).unref();
  }

  /** Writes what was summed up; nothing where there is nothing. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { asked, probed } = this.#sums;
    if (this.#model === undefined || asked.requests + probed.requests === 0) return;
    this.#sums = { asked: new Sums(), probed: new Sums() };
    const metrics = Object.entries({
      ...(asked.requests === 0 ? {} : asked.metrics("")),
      ...(probed.requests === 0 ? {} : probed.metrics("Probe")),
    });
    const Metrics = metrics.map(([Name, { unit: Unit }]) => ({ Name, Unit }));
    this.#write({
      _aws: {
        Timestamp: this.#now(),
        CloudWatchMetrics: [{ Namespace: NAMESPACE, Dimensions: [["Workload", "Version"]], Metrics }],
      },
      Workload: this.#model.workload,
      Version: String(this.#model.version),
      artifact: this.#model.artifact,
      ...Object.fromEntries(metrics.map(([name, { value }]) => [name, value])),
    });
  }
}

/** All values, or as many as one line takes: from the middles of equal shares, so that percentiles stay what they are. */
export function evenRanks(values: readonly number[]): number[] {
  if (values.length <= MAX_VALUES) return [...values];
  const ascending = Float64Array.from(values).sort();
  return Array.from({ length: MAX_VALUES }, (_, share) => {
    const rank = Math.floor(((share + 0.5) / MAX_VALUES) * ascending.length);
    return ascending[rank] ?? Number.NaN;
  });
}
