import type { RecordFault } from "@perennial/scoring";

/** A request can't be answered, and whoever sent it can mend it. `message` holds no value of a record: it is logged. */
export class Refusal extends Error {
  readonly status: 400 | 404 | 405 | 406 | 413 | 415;
  readonly faults: readonly RecordFault[];
  /** What the caller is told besides; it may quote the request, so it is never logged. */
  readonly detail: string | undefined;

  constructor(
    status: Refusal["status"],
    message: string,
    more: { faults?: readonly RecordFault[]; detail?: string } = {},
  ) {
    super(message);
    this.name = "Refusal";
    this.status = status;
    this.faults = more.faults ?? [];
    this.detail = more.detail;
  }
}
