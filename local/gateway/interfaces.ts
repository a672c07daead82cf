/** Who makes a call. */
export interface Caller {
  accessKeyId: string;
  /** `arn:aws:sts::<account>:assumed-role/<role>/local` for a role, `arn:aws:iam::<account>:user/<name>` for a person. */
  principalArn: string;
  /** Name of the role whose policies decide; null for the person at the machine, who may do everything. */
  role: string | null;
}

/** One request, whatever protocol brought it. */
export interface ApiCall {
  /** Signing name: "states", "events", "monitoring", "logs", "lambda", "sagemaker", "runtime.sagemaker", "s3", … */
  service: string;
  /** Name of the operation in the service's API: "StartExecution". */
  action: string;
  /** Members as the API names them. Timestamps are numbers (seconds), blobs are base64 text. */
  input: Record<string, unknown>;
  caller: Caller;
}

/**
 * Answers the calls of one service. The output has the shape of the API's answer: timestamps as `Date` or as seconds,
 * blobs as base64 text.
 *
 * @throws {ApiError} for an error that the API defines.
 */
export type ServiceHandler = (call: ApiCall) => Promise<unknown>;

/** An error that the caller gets in the shape of its protocol. */
export class ApiError extends Error {
  /** Name of the error in the API: "ValidationException". */
  readonly code: string;
  /** HTTP status. */
  readonly status: number;
  /** Further members of the error, such as ModelError's OriginalStatusCode. */
  readonly members: Record<string, unknown>;

  constructor(code: string, message: string, status = 400, members: Record<string, unknown> = {}) {
    super(message);
    this.name = code;
    this.code = code;
    this.status = status;
    this.members = members;
  }
}

/** Time as a parameter: milliseconds since 1970, UTC. */
export interface Clock {
  now(): number;
  /** Resolves after `ms` of this clock; rejects with the signal's reason when that is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Puts an event on the account's default bus, as an AWS service does. */
export interface EventSink {
  (event: {
    source: string;
    "detail-type": string;
    detail: unknown;
    resources?: string[];
    time?: string;
  }): void;
}

/** Records one datum of a CloudWatch metric. */
export interface MetricSink {
  (metric: {
    namespace: string;
    name: string;
    dimensions: Record<string, string>;
    value: number;
    unit?: string;
  }): void;
}

/** Appends one line to a log stream. */
export interface LogSink {
  (group: string, stream: string, line: string): void;
}

/** Long-term credentials of a role inside the local cloud. */
export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
}

/** The one door to the local cloud: finds the caller, authorises the call and hands it on. */
export interface Gateway {
  /** "http://127.0.0.1:<port>" */
  readonly url: string;
  register(service: string, handler: ServiceHandler): void;
  /** The same key for the same role, for as long as the state folder lives. */
  credentialsFor(roleName: string): Credentials;
  /**
   * A call from inside this process, authorised and recorded like one from outside.
   *
   * @param as a caller, or the ARN of a role.
   */
  call(
    as: Caller | string,
    service: string,
    action: string,
    input: Record<string, unknown>,
  ): Promise<unknown>;
  close(): Promise<void>;
}
