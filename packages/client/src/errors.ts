/** Something wrong with one value. */
export interface RecordFault {
  /** Place of the record among those that were given, from 0; null where the request as a whole is meant. */
  record: number | null;
  field: string | null;
  /** What was given and what is expected. */
  message: string;
}

/** Which call failed. */
export interface FailedCall {
  workload: string;
  /** Where it was sent, such as the URL. */
  address: string;
  /** Of the request that failed; empty where none was sent. */
  inferenceId: string;
  /** How often it was sent. */
  attempts: number;
  /** HTTP status of the last reply, where there was one. */
  status?: number | undefined;
}

/** What every error of the client has in common. */
export class PredictionError extends Error {
  // Written out: a bundler may shorten the names of classes.
  override readonly name: string = "PredictionError";
  readonly call: FailedCall;

  constructor(message: string, call: FailedCall, options?: ErrorOptions) {
    super(message, options);
    this.call = call;
  }
}

/** Records are wrong; sending them again changes nothing. */
export class InvalidRecords extends PredictionError {
  override readonly name = "InvalidRecords";
  /** All faults of all records, in their order. */
  readonly faults: readonly RecordFault[];

  constructor(faults: readonly RecordFault[], call: FailedCall) {
    const lines = faults.map(({ record, field, message }) => {
      const place = [record === null ? "request" : `record ${record}`, ...(field === null ? [] : [field])];
      return `  ${place.join(", ")}: ${message}`;
    });
    super(`${call.workload} refuses the records:\n${lines.join("\n")}`, call);
    this.faults = faults;
  }
}

/** The request is refused for another reason than its records: too large, no such workload or endpoint, …. */
export class Refused extends PredictionError {
  override readonly name = "Refused";
}

/** Credentials are missing, wrong or not enough. */
export class Unauthorized extends PredictionError {
  override readonly name = "Unauthorized";
}

/** Too many requests, no connection, or nobody there to answer: after all attempts, or because waiting longer wasn't allowed. */
export class Unavailable extends PredictionError {
  override readonly name = "Unavailable";
}

/** No answer in the time that was allowed. */
export class TimedOut extends PredictionError {
  override readonly name = "TimedOut";
}

/** The other side failed on this request (500), or answered with something that is no answer. */
export class ServiceFault extends PredictionError {
  override readonly name = "ServiceFault";
}
