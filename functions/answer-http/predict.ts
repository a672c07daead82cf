import { InvokeEndpointCommand, type SageMakerRuntimeClient } from "@aws-sdk/client-sagemaker-runtime";
import type { PredictionTarget } from "@perennial/contracts";
import { answerOfFailure } from "./failure.ts";
import { Refusal } from "./refusal.ts";

export interface PredictionRequest<Target = PredictionTarget> {
  target: Target;
  body: Uint8Array;
  contentType: string;
  accept: string | undefined;
  inferenceId: string;
  /** Variant of the endpoint that is to answer. */
  targetVariant: string | undefined;
}

export interface PredictionAnswer {
  body: string;
  contentType: string;
  /** Variant that answered, where there are several. */
  variant: string | undefined;
}

type Kind = PredictionTarget["kind"];

/** Asks what answers for a workload; one function for each kind of target. */
export type Predict<Of extends Kind = Kind> = (
  request: PredictionRequest<Extract<PredictionTarget, { kind: Of }>>,
) => Promise<PredictionAnswer>;

/** Largest answer that Lambda hands on (6 MB), less what its envelope and escapes may add. */
const LARGEST_ANSWER = 4 * 1024 * 1024;

/** @throws {Refusal} for an answer that the HTTP API can't hand on. */
export function mustFit(bytes: number): void {
  if (bytes <= LARGEST_ANSWER) return;
  throw new Refusal("body-too-large", "The answer would be over 4 MiB; send fewer records at a time.");
}

/** Asks a SageMaker endpoint. Nothing is tried twice: who called knows how long it still may wait. */
export const predictByEndpoint =
  (client: Pick<SageMakerRuntimeClient, "send">, timeoutMs: number): Predict<"endpoint"> =>
  async ({ target, body, contentType, accept, inferenceId, targetVariant }) => {
    const command = new InvokeEndpointCommand({
      EndpointName: target.endpointName,
      Body: body,
      ContentType: contentType,
      InferenceId: inferenceId,
      ...(accept === undefined ? {} : { Accept: accept }),
      ...(targetVariant === undefined ? {} : { TargetVariant: targetVariant }),
    });
    const answer = await client
      .send(command, { abortSignal: AbortSignal.timeout(timeoutMs) })
      .catch((error: unknown) => {
        throw answerOfFailure(error, targetVariant);
      });
    const { Body, ContentType = "application/json", InvokedProductionVariant } = answer;
    mustFit(Body.length);
    return {
      body: Buffer.from(Body).toString("utf8"),
      contentType: ContentType,
      variant: InvokedProductionVariant,
    };
  };
