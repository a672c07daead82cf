/** The container has as much to do as it may take on: the request wasn't looked at, and may be sent again. */
export class Overloaded extends Error {
  constructor(requests: number) {
    super(`${requests} requests are waiting already, the most that may; try again`);
    this.name = "Overloaded";
  }
}

export interface PendingLimits {
  /** Most requests that wait for their answer. */
  readonly maxPending: number;
  /** Largest body of one request, in KiB. */
  readonly maxBodyKiB: number;
}

/** Of the largest bodies, so many may wait at once: memory has to hold them, parsed, beside the model. */
const LARGEST_BODIES = 8;

/**
 * Requests that came whole and aren't answered yet. There are only so many: past that an early "not now" serves better
 * than a late answer, and the process keeps its memory. Whoever is still sending takes no place, so slow clients can't keep
 * the others out.
 */
export class PendingRequests {
  readonly limit: number;
  readonly #maxBytes: number;
  #requests = 0;
  #bytes = 0;

  constructor({ maxPending, maxBodyKiB }: PendingLimits) {
    this.limit = maxPending;
    this.#maxBytes = LARGEST_BODIES * maxBodyKiB * 1024;
  }

  get count(): number {
    return this.#requests;
  }

  /**
   * Does `work` for a request whose body has so many bytes.
   *
   * @throws {Overloaded} if there is no place for it.
   */
  async hold<Result>(bytes: number, work: () => Promise<Result>): Promise<Result> {
    const isFull = this.#requests >= this.limit || this.#bytes + bytes > this.#maxBytes;
    if (isFull) throw new Overloaded(this.#requests);
    this.#requests += 1;
    this.#bytes += bytes;
    try {
      return await work();
    } finally {
      this.#requests -= 1;
      this.#bytes -= bytes;
    }
  }
}
