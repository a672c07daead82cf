import type { Answer, Answers, PartialAnswer, RecordOf, WorkloadName } from "./answer.ts";
import { sendUntilAnswered, type AttemptPolicy } from "./attempts.ts";
import { InvalidRecords, Refused, ServiceFault, type FailedCall, type RecordFault } from "./errors.ts";
import { LIMITS } from "./generated/workloads.ts";
import { inOrder } from "./in-order.ts";
import { partsOf, type Part } from "./parts.ts";
import { readAnswer } from "./reply.ts";
import { checkOptions, checkTargetVariant, inferenceIds } from "./options.ts";
import { SURROUNDINGS, type Surroundings } from "./surroundings.ts";
import { TimeLimit } from "./time-limit.ts";
import type { Transport } from "./transport.ts";

export interface ClientOptions {
  /** `http({ … })`, or `endpoint({ … })` of `@perennial/client/endpoint`. */
  transport: Transport;
  /**
   * Longest that one `predict` may take, with all its requests and their retries, in milliseconds.
   *
   * @default 30000
   */
  timeoutMs?: number;
  /**
   * Longest that one attempt at one request may take, in milliseconds.
   *
   * @default 10000
   */
  attemptTimeoutMs?: number;
  /**
   * How often a request is sent again after 429, 502, 503, 504 or a broken connection.
   *
   * @default 3
   */
  retries?: number;
  /**
   * Most requests under way at once, where records need several.
   *
   * @default 4
   */
  concurrency?: number;
  /** Clock, chance and timers, for tests. */
  surroundings?: Surroundings;
}

export interface PredictOptions {
  /** Aborts the call, which then throws the signal's reason. */
  signal?: AbortSignal;
  /**
   * By which the request is found in logs and the capture: 1 to 64 letters, digits, `-` and `_`. Where records need
   * several requests, `-1`, `-2`, … is added, so it must leave room for that. Made where it is left out.
   */
  inferenceId?: string;
  /** Instead of the client's own. */
  timeoutMs?: number;
  /**
   * Variant of the endpoint that is to answer every request of the call, where it has several: the same for one user, say.
   * Where it has none of that name the call is `Refused`. By the shares of the variants where it is left out.
   */
  targetVariant?: string;
}

export interface Client {
  /**
   * Predictions for records, in their order, in as many requests as the workload's limits ask for.
   *
   * @throws {PredictionError} of one of its kinds: `InvalidRecords` with every fault, `Refused`, `Unauthorized`,
   *   `Unavailable`, `TimedOut`, `ServiceFault`.
   */
  predict<Name extends WorkloadName>(
    workload: Name,
    records: readonly RecordOf<Name>[],
    options?: PredictOptions,
  ): Promise<Answers<Name>>;
  /**
   * The prediction for one record.
   *
   * @throws {PredictionError} like the prediction for many.
   */
  predict<Name extends WorkloadName>(
    workload: Name,
    record: RecordOf<Name>,
    options?: PredictOptions,
  ): Promise<Answer<Name>>;
}

/**
 * A client for every workload that this package was generated for.
 *
 * @example
 * const client = createClient({ transport: http({ url: "https://predictions.example.com", apiKey }) });
 * @throws {TypeError} if an option is out of its range.
 */
export function createClient(options: ClientOptions): Client {
  checkOptions(options);
  const call = new Predictor(options);
  // The overloads tell which answer belongs to which argument.
  const predict = (workload: WorkloadName, given: unknown, options: PredictOptions = {}) =>
    Array.isArray(given) ? call.many(workload, given, options) : call.one(workload, given, options);
  return { predict } as Client;
}

type AnyPart = PartialAnswer<WorkloadName>;

class Predictor {
  readonly #transport: Transport;
  readonly #policy: AttemptPolicy;
  readonly #timeoutMs: number;
  readonly #concurrency: number;
  readonly #surroundings: Surroundings;

  constructor(options: ClientOptions) {
    const {
      transport,
      timeoutMs = 30_000,
      attemptTimeoutMs = 10_000,
      retries = 3,
      concurrency = 4,
    } = options;
    this.#transport = transport;
    this.#timeoutMs = timeoutMs;
    this.#policy = { retries, attemptTimeoutMs, baseMs: 100, capMs: 5_000 };
    this.#concurrency = concurrency;
    this.#surroundings = options.surroundings ?? SURROUNDINGS;
  }

  async one(workload: WorkloadName, record: unknown, options: PredictOptions): Promise<Answer<WorkloadName>> {
    const [part] = await this.#ask(workload, [record], options);
    const { from: _, predictions, ...answered } = part as AnyPart;
    return { prediction: predictions[0], ...answered } as Answer<WorkloadName>;
  }

  async many(
    workload: WorkloadName,
    records: readonly unknown[],
    options: PredictOptions,
  ): Promise<Answers<WorkloadName>> {
    const parts = await this.#ask(workload, records, options);
    return { predictions: parts.flatMap(({ predictions }) => predictions), parts };
  }

  async #ask(
    workload: WorkloadName,
    records: readonly unknown[],
    options: PredictOptions,
  ): Promise<AnyPart[]> {
    options.signal?.throwIfAborted();
    checkOptions(options);
    checkTargetVariant(options.targetVariant);
    const unsent = { workload, address: this.#transport.address(workload), inferenceId: "", attempts: 0 };
    if (!Object.hasOwn(LIMITS, workload)) throw unknownWorkload(unsent);
    const { kind, maxRecords, maxBodyKiB } = LIMITS[workload];
    const maxBodyBytes = Math.min(maxBodyKiB * 1024, this.#transport.maxBodyBytes);
    const { parts, faults } = partsOf(records, { maxRecords, maxBodyBytes });
    if (faults.length > 0) throw new InvalidRecords(faults, unsent);

    const { targetVariant } = options;
    const ids = inferenceIds(options.inferenceId, parts.length, this.#surroundings);
    const limit = new TimeLimit(options.timeoutMs ?? this.#timeoutMs, options.signal, this.#surroundings);
    try {
      const answers = await inOrder(parts, this.#concurrency, (part, place) =>
        this.#askPart({ workload, kind, targetVariant }, part, ids[place] ?? "", limit),
      );
      const refused = answers.filter((answer) => answer instanceof InvalidRecords);
      const [first] = refused;
      if (first === undefined) return answers as AnyPart[];
      throw refused.length === 1
        ? first
        : new InvalidRecords(
            refused.flatMap(({ faults }) => faults),
            first.call,
          );
    } finally {
      limit.end();
    }
  }

  /** What is wrong with records is answered, not thrown: the other parts' faults are to be told with theirs. */
  async #askPart(
    {
      workload,
      kind,
      targetVariant,
    }: { workload: WorkloadName; kind: string; targetVariant: string | undefined },
    { from, records, body }: Part,
    inferenceId: string,
    limit: TimeLimit,
  ): Promise<AnyPart | InvalidRecords> {
    const request = { workload, body, inferenceId, targetVariant };
    try {
      const { reply, attempts } = await sendUntilAnswered(
        this.#transport,
        request,
        this.#policy,
        limit,
        this.#surroundings,
      );
      const answer = readAnswer(reply.body, { kind, records });
      if (typeof answer !== "string") return { ...answer, from, inferenceId } as AnyPart;
      const address = this.#transport.address(workload);
      const call = { workload, address, inferenceId, attempts, status: reply.status };
      throw new ServiceFault(`${address} answers with something else than predictions: ${answer}.`, call);
    } catch (error) {
      if (!(error instanceof InvalidRecords)) throw error;
      return new InvalidRecords(
        error.faults.map((fault) => shifted(fault, from)),
        error.call,
      );
    }
  }
}

/** A fault of a request's record, told by the record's place among all that were given. */
function shifted(fault: RecordFault, from: number): RecordFault {
  return fault.record === null ? fault : { ...fault, record: fault.record + from };
}

function unknownWorkload(call: FailedCall): Refused {
  return new Refused(
    `there is no workload ${JSON.stringify(call.workload)} in this version of the client; ` +
      `expected one of ${Object.keys(LIMITS).join(", ")}`,
    call,
  );
}
