import type { Telemetry } from "@perennial/telemetry";

/** Keeps what a function logs and counts. */
export class RecordedTelemetry implements Telemetry {
  readonly lines: [message: string, identifiers: Readonly<Record<string, unknown>>][] = [];
  readonly counts: [metric: string, dimensions: Readonly<Record<string, string>>][] = [];

  log(message: string, identifiers: Readonly<Record<string, string | number | boolean | null>>): void {
    this.lines.push([message, identifiers]);
  }

  count(metric: string, dimensions: Readonly<Record<string, string>>): void {
    this.counts.push([metric, dimensions]);
  }
}
