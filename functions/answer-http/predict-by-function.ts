import { isUtf8 } from "node:buffer";
import type { LambdaClient } from "@aws-sdk/client-lambda";
import { askFunction } from "@perennial/scoring-client";
import { answerOfFailure, refusalOfModel } from "./failure.ts";
import { mustFit, type Predict } from "./predict.ts";
import { Refusal } from "./refusal.ts";

/** Asks a scoring function. Nothing is tried twice, as with an endpoint. */
export const predictByFunction =
  (client: Pick<LambdaClient, "send">, timeoutMs: number): Predict<"function"> =>
  async ({ target, body, contentType, accept, inferenceId, targetVariant }) => {
    if (targetVariant !== undefined) throw new Refusal("no-such-variant", "A function has no variants.");
    const bytes = Buffer.from(body);
    // An event of Lambda's is text, in which other bytes would be something else.
    if (!isUtf8(bytes)) throw new Refusal("records-refused", "The body isn't UTF-8.");
    const asked = {
      body: bytes.toString("utf8"),
      contentType,
      inferenceId,
      ...(accept === undefined ? {} : { accept }),
    };
    const { functionName, alias: qualifier } = target;
    const abortSignal = AbortSignal.timeout(timeoutMs);
    const answer = await askFunction(client, { functionName, qualifier }, asked, { abortSignal }).catch(
      (error: unknown) => {
        throw answerOfFailure(error, undefined);
      },
    );
    if (answer.status !== 200) throw refusalOfModel(answer.status, answer.body);
    mustFit(Buffer.byteLength(answer.body));
    return { body: answer.body, contentType: answer.contentType, variant: undefined };
  };
