import {
  type AnsweringModel,
  type EndpointRefusal,
  type ScoringAnswer,
  ScoringRequest,
} from "@perennial/contracts";
import { JointPredictor, type Model } from "@perennial/scoring";
import {
  acceptedType,
  contentTypeOf,
  type MeasuredRequest,
  predictRecords,
  readRecords,
  renderAnswer,
  type States,
} from "@perennial/scoring/invocation";
import type { Telemetry } from "@perennial/telemetry";
import { type Failure, failureOf, tooLarge } from "./failure.ts";

export interface Dependencies {
  model: Model;
  /** Version of the model in the registry; 0 is the baseline. */
  version: number;
  limits: { maxBodyKiB: number; maxRecords: number };
  /** Where fields that records leave out are looked up; undefined where nothing is. */
  states: States | undefined;
  /** Takes what a request was like, for the metrics of the version. */
  measure: (request: MeasuredRequest, model: AnsweringModel) => void;
  telemetry: Telemetry;
  /** Milliseconds since 1970. */
  now: () => number;
  /** Milliseconds of a clock that never goes back. */
  elapsed: () => number;
}

/** What of Lambda's context is used. */
export interface Invocation {
  awsRequestId: string;
}

/** Largest answer that Lambda hands on, in bytes of JSON, less what stands around the body. */
const LARGEST_ANSWER = 6 * 1024 * 1024 - 1024;

/**
 * Answers raw records with predictions, by the rules of an endpoint's container. Whatever is asked is answered: a caller's
 * mistake must not count as an error of the function, since those undo a rollout.
 */
export const createHandler = (dependencies: Dependencies) => {
  const { model, version, measure, telemetry, elapsed } = dependencies;
  const { workload, version: artifact } = model.manifest;
  const answering: AnsweringModel = { workload, version, artifact };
  const predictor = new JointPredictor(model);

  return async (event: unknown, { awsRequestId }: Invocation): Promise<ScoringAnswer> => {
    const started = elapsed();
    const asked = ScoringRequest.safeParse(event);
    const requestId = asked.data?.inferenceId ?? awsRequestId;
    const measured = { records: 0, predictionSum: 0, predictionSquares: 0 };
    let answer: ScoringAnswer;
    try {
      if (asked.error !== undefined) throw asked.error;
      const { predictions, body, contentType } = await predict(
        dependencies,
        predictor,
        answering,
        asked.data,
      );
      answer = { status: 200, contentType, inferenceId: requestId, body };
      Object.assign(measured, sumsOf(predictions, model.manifest.output.columns));
    } catch (error) {
      const failure = failureOf(error);
      answer = refusal(failure, answering, requestId);
      const { status, reason } = failure;
      telemetry.log("not predicted", {
        requestId,
        workload,
        version,
        status,
        reason,
        error: error instanceof Error ? error.name : typeof error,
      });
    }
    const durationMicros = Math.round((elapsed() - started) * 1_000);
    measure({ requestId, status: answer.status, durationMicros, ...measured }, answering);
    return answer;
  };
};

async function predict(
  { model, limits, states, now }: Dependencies,
  predictor: JointPredictor,
  answering: AnsweringModel,
  { body, contentType, accept }: ScoringRequest,
) {
  const accepted = acceptedType(accept);
  const bytes = Buffer.from(body);
  if (bytes.length > limits.maxBodyKiB * 1024) {
    throw tooLarge(`the body is larger than ${limits.maxBodyKiB} KiB, the most that one request may be`);
  }
  const records = readRecords(bytes, contentTypeOf(contentType, undefined), model, limits);
  const predicted = await predictRecords(model, predictor, records, states, now());
  const rendered = renderAnswer({ task: model.manifest.task, model: answering, ...predicted }, accepted);
  if (Buffer.byteLength(JSON.stringify(rendered)) > LARGEST_ANSWER) {
    throw tooLarge("the answer would be over 6 MB, the most that a function may answer");
  }
  return { predictions: predicted.predictions, body: rendered, contentType: accepted };
}

function refusal(
  { status, message, faults }: Failure,
  model: AnsweringModel,
  inferenceId: string,
): ScoringAnswer {
  const body: EndpointRefusal = { error: message, faults: [...faults], model };
  return { status, contentType: "application/json", inferenceId, body: JSON.stringify(body) };
}

function sumsOf(predictions: Float32Array, columns: number) {
  let predictionSum = 0;
  let predictionSquares = 0;
  for (let first = 0; first < predictions.length; first += columns) {
    const prediction = predictions[first] ?? Number.NaN;
    predictionSum += prediction;
    predictionSquares += prediction * prediction;
  }
  return { records: predictions.length / columns, predictionSum, predictionSquares };
}
