import type { AnsweringModel } from "@perennial/contracts";
import type { AnsweredRequest } from "./answered-request.ts";
import {
  CounterFamily,
  counterText,
  DurationHistogram,
  gaugeText,
  infoText,
  openMetrics,
} from "./open-metrics.ts";

/** From below what one record takes to SageMaker's patience with a container. */
const BOUNDS = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
];

/** What the process knows about itself when it is asked. */
export interface ServingState {
  readonly model: AnsweringModel | undefined;
  readonly isReady: boolean;
  readonly pending: { readonly count: number; readonly limit: number };
  readonly residentBytes: number;
  readonly processorSeconds: number;
}

/** What was asked of the process and how it answered, since it started; for Prometheus. */
export class ServingMetrics {
  readonly #requests = new CounterFamily(
    "perennial_requests",
    "Requests to /invocations, by the status that they were answered with.",
    "status",
  );
  readonly #unpredicted = new CounterFamily(
    "perennial_unpredicted_requests",
    "Requests that weren't answered with predictions, by the reason.",
    "reason",
  );
  readonly #durations = new DurationHistogram(
    "perennial_request_duration_seconds",
    "From a request's headers to the last byte of its answer.",
    BOUNDS,
  );
  #records = 0;

  add({ status, reason, durationMicros, records }: AnsweredRequest): void {
    this.#requests.add(String(status));
    if (reason !== undefined) this.#unpredicted.add(reason);
    this.#durations.observe(durationMicros / 1e6);
    this.#records += records;
  }

  render({ model, isReady, pending, residentBytes, processorSeconds }: ServingState): string {
    return openMetrics([
      this.#requests.text,
      this.#unpredicted.text,
      this.#durations.text,
      counterText("perennial_records", "Records that were predicted.", this.#records),
      gaugeText("perennial_pending_requests", "Requests that wait for their answer.", pending.count),
      gaugeText("perennial_pending_requests_limit", "Most requests that may wait.", pending.limit),
      gaugeText("perennial_ready", "1 where /ping answers 200, else 0.", isReady ? 1 : 0),
      ...(model === undefined
        ? []
        : [
            infoText("perennial_model", "The model that answers.", {
              workload: model.workload,
              version: String(model.version),
              artifact: model.artifact,
            }),
          ]),
      counterText(
        "process_cpu_seconds",
        "Processor time of the process, in user and system mode.",
        processorSeconds,
      ),
      gaugeText("process_resident_memory_bytes", "Resident set of the process.", residentBytes, "bytes"),
    ]);
  }
}
