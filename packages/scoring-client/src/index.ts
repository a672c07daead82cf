import { InvokeCommand, type LambdaClient } from "@aws-sdk/client-lambda";
import { parse, ScoringAnswer, type ScoringRequest } from "@perennial/contracts";
import { z } from "zod";

/** Who is asked: a scoring function, by its alias or by the number of a published version. */
export interface ScoringTarget {
  functionName: string;
  qualifier: string;
}

/** The function broke instead of answering: its model doesn't open, it ran out of time or memory, or it has a bug. */
export class ScoringFunctionFailed extends Error {
  constructor({ functionName, qualifier }: ScoringTarget, told: string) {
    super(`${functionName}:${qualifier} failed: ${told}`);
    this.name = "ScoringFunctionFailed";
  }
}

/** As Lambda tells of what a function threw. */
const Failure = z.object({ errorType: z.string().default("Error"), errorMessage: z.string().default("") });

/**
 * Asks a scoring function. What it refuses is an answer, with its status.
 *
 * @throws {ScoringFunctionFailed} where the function broke, {InvalidInput} where its answer is none, and Lambda's errors.
 */
export async function askFunction(
  client: Pick<LambdaClient, "send">,
  target: ScoringTarget,
  request: z.input<typeof ScoringRequest>,
  options: { abortSignal?: AbortSignal } = {},
): Promise<ScoringAnswer> {
  const { functionName, qualifier } = target;
  const command = new InvokeCommand({
    FunctionName: functionName,
    Qualifier: qualifier,
    Payload: Buffer.from(JSON.stringify(request)),
  });
  const { FunctionError, Payload } = await client.send(command, options);
  const text = Buffer.from(Payload ?? []).toString("utf8");
  if (FunctionError !== undefined) throw new ScoringFunctionFailed(target, failureIn(text));
  return parse(ScoringAnswer, JSON.parse(text), `answer of ${functionName}:${qualifier}`);
}

function failureIn(text: string): string {
  try {
    const { errorType, errorMessage } = Failure.parse(JSON.parse(text));
    return `${errorType}: ${errorMessage}`;
  } catch {
    return text;
  }
}
