/** One request as a transport sends it. */
export interface PredictRequest {
  workload: string;
  /** JSON: `{"records": […]}`. */
  body: string;
  inferenceId: string;
  /** The endpoint's variant that is to answer; any of them where it is left out. */
  targetVariant?: string | undefined;
  /** Aborted when nobody waits for the answer any more. */
  signal: AbortSignal;
}

/** What came back, whether it was answered or refused. */
export interface Reply {
  /** As HTTP has it: 200, 400, 429, …. */
  status: number;
  /** The parsed JSON, or the text where it isn't JSON. */
  body: unknown;
  /** The header of that name. */
  retryAfter?: string | undefined;
}

/** A way to the models. */
export interface Transport {
  /** Most bytes of a body that this way takes, whatever the workload would take. */
  readonly maxBodyBytes: number;
  /** Where the requests of a workload go, in words for an error message. */
  address(workload: string): string;
  /**
   * Sends one request, once.
   *
   * @throws whatever kept a reply from coming: a broken connection, a name that isn't known, an abort.
   */
  send(request: PredictRequest): Promise<Reply>;
}
