import type { LambdaClient } from "@aws-sdk/client-lambda";
import {
  InvokeEndpointCommand,
  ModelError,
  type SageMakerRuntimeClient,
} from "@aws-sdk/client-sagemaker-runtime";
import { askFunction } from "@perennial/scoring-client";
import type { Dependencies } from "./handler.ts";
import type { ProbeAnswer } from "./tally.ts";

const JSON_TYPE = "application/json";

/** Asks whatever answers for a workload; what goes wrong is an answer, too. */
export const askWith =
  (runtime: Pick<SageMakerRuntimeClient, "send">, lambda: Pick<LambdaClient, "send">): Dependencies["ask"] =>
  async (asked, InferenceId, record): Promise<ProbeAnswer> => {
    const body = JSON.stringify(record);
    try {
      if ("functionName" in asked) {
        const answer = await askFunction(lambda, asked, { body, inferenceId: InferenceId });
        return answer.status === 200
          ? { kind: "answered", body: answer.body }
          : { kind: "error", status: answer.status, body: answer.body };
      }
      const { endpointName: EndpointName } = asked;
      const request = { EndpointName, InferenceId, ContentType: JSON_TYPE, Accept: JSON_TYPE, Body: body };
      const { Body } = await runtime.send(new InvokeEndpointCommand(request));
      return { kind: "answered", body: Body.transformToString() };
    } catch (error) {
      if (error instanceof ModelError) {
        return { kind: "error", status: error.OriginalStatusCode ?? 500, body: error.OriginalMessage ?? "" };
      }
      return {
        kind: "none",
        reason: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
      };
    }
  };
