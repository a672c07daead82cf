/** The tracking server could not be asked, or couldn't answer: unreachable, too slow, out of disk. It passes: ask again later. */
export class TrackingAway extends Error {
  /** What happened, without what was asked. */
  readonly reason: string;

  constructor(request: string, reason: string, cause?: unknown) {
    super(
      `${request}: ${reason}; expected a tracking server that answers. Nothing is lost: ask again later.`,
      { cause },
    );
    this.name = "TrackingAway";
    this.reason = reason;
  }
}

/** The tracking server understood a request and refuses it. */
export class TrackingRefused extends Error {
  /** MLflow's own name of the refusal, such as `RESOURCE_DOES_NOT_EXIST`; the HTTP status where it gives none. */
  readonly code: string;

  constructor(request: string, code: string, message: string) {
    super(`${request}: ${code}: ${message}`);
    this.name = "TrackingRefused";
    this.code = code;
  }
}
