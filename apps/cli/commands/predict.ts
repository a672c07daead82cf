import { InvokeEndpointCommand } from "@aws-sdk/client-sagemaker-runtime";
import { askFunction } from "@perennial/scoring-client";
import { EndpointRefusal, EndpointResponse, parse } from "@perennial/contracts";
import type { Connection, Context, Where } from "../context.ts";
import { CliFault, EXIT, type ExitCode } from "../exit.ts";
import { predictionLines } from "../prediction-text.ts";
import { readRecords } from "../records.ts";
import { findWorkload } from "../workload.ts";

export interface PredictOptions extends Where {
  record: string;
  json?: boolean;
}

/** Sends records to a workload's endpoint and prints what it predicts. */
export async function predict(context: Context, name: string, options: PredictOptions): Promise<ExitCode> {
  // Read first: a damaged file is a mistake whether the platform runs or not.
  const { body, contentType } = readRecords(await context.read(options.record), options.record);
  const connection = await context.connect(options);
  const { endpoint, functionAlias } = findWorkload(connection.platform, name);
  const response =
    functionAlias === undefined
      ? await invoke(connection, endpoint, contentType, body)
      : await call(connection, { functionName: endpoint, qualifier: functionAlias }, contentType, body);
  const { terminal } = context;
  if (options.json) terminal.out(`${JSON.stringify(response)}\n`);
  else for (const line of predictionLines(response, terminal)) terminal.out(`${line}\n`);
  return EXIT.ok;
}

/** Asks a function; what it refuses is told as an endpoint's refusal is. */
async function call(
  { lambda }: Pick<Connection, "lambda">,
  target: { functionName: string; qualifier: string },
  contentType: string,
  body: string,
): Promise<EndpointResponse> {
  const { functionName } = target;
  const answer = await askFunction(lambda, target, { body, contentType }).catch((error: unknown) => {
    if (!(error instanceof Error) || error.name !== "ScoringFunctionFailed") throw error;
    throw new CliFault(EXIT.failed, `${error.message}. Its log says more: perennial logs.`, { cause: error });
  });
  if (answer.status !== 200) throw refusalFault(functionName, answer.status, answer.body);
  return parse(EndpointResponse, JSON.parse(answer.body), `answer of the function ${functionName}`);
}

async function invoke(
  { runtime }: Pick<Connection, "runtime">,
  EndpointName: string,
  ContentType: string,
  body: string,
): Promise<EndpointResponse> {
  try {
    const { Body } = await runtime.send(
      new InvokeEndpointCommand({
        EndpointName,
        ContentType,
        Accept: "application/json",
        Body: Buffer.from(body),
      }),
    );
    const text = Buffer.from(Body ?? []).toString();
    return parse(EndpointResponse, JSON.parse(text), `answer of the endpoint ${EndpointName}`);
  } catch (error) {
    throw refusalOf(error, EndpointName) ?? error;
  }
}

/** What the container said when it refused the request. */
function refusalOf(error: unknown, endpoint: string): CliFault | null {
  if (!(error instanceof Error) || error.name !== "ModelError") return null;
  const { OriginalMessage = error.message, OriginalStatusCode } = error as {
    OriginalMessage?: string;
    OriginalStatusCode?: number;
  };
  return refusalFault(endpoint, OriginalStatusCode, OriginalMessage, error);
}

/** What the model said when it refused the request, with all faults of all records. */
function refusalFault(whom: string, status: number | undefined, told: string, cause?: unknown): CliFault {
  const refusal = refusalIn(told);
  if (refusal === null) {
    const message = `The model behind ${whom} answered ${status ?? "an error"}: ${told}`;
    return new CliFault(EXIT.failed, message, { cause });
  }
  const faults = refusal.faults.map(({ record, field, message }) => {
    const where = [...(record === null ? [] : [`record ${record + 1}`]), ...(field === null ? [] : [field])];
    return `  ${where.length === 0 ? "" : `${where.join(", ")}: `}${message}`;
  });
  return new CliFault(EXIT.failed, [`${refusal.error} (${status ?? 400})`, ...faults].join("\n"), { cause });
}

function refusalIn(text: string): EndpointRefusal | null {
  try {
    return EndpointRefusal.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
