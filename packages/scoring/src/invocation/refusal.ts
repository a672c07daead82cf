import type { RecordFault } from "../record-fault.ts";

/** Why a request can't be answered, in words that metrics count by. */
export type RefusalReason =
  | "no-such-path"
  | "method"
  | "accept"
  | "content-type"
  | "too-many-records"
  | "unreadable-body"
  | "no-online-table";

/** What a status is nearly always about. */
const REASONS: Readonly<Record<Refusal["status"], RefusalReason>> = {
  400: "unreadable-body",
  404: "no-such-path",
  405: "method",
  406: "accept",
  413: "too-many-records",
  415: "content-type",
};

/** A request can't be answered, and whoever sent it can mend it. `message` holds no value of a record: it is logged. */
export class Refusal extends Error {
  readonly status: 400 | 404 | 405 | 406 | 413 | 415;
  readonly reason: RefusalReason;
  readonly faults: readonly RecordFault[];
  /** What the caller is told besides; it may quote the request, so it is never logged. */
  readonly detail: string | undefined;

  constructor(
    status: Refusal["status"],
    message: string,
    more: { faults?: readonly RecordFault[]; detail?: string; reason?: RefusalReason } = {},
  ) {
    super(message);
    this.name = "Refusal";
    this.status = status;
    this.reason = more.reason ?? REASONS[status];
    this.faults = more.faults ?? [];
    this.detail = more.detail;
  }
}
