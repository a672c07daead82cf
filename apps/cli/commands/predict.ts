import { InvokeEndpointCommand } from "@aws-sdk/client-sagemaker-runtime";
import { EndpointRefusal, EndpointResponse, parse } from "@perennial/contracts";
import type { Context, Where } from "../context.ts";
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
  const { platform, runtime } = await context.connect(options);
  const { endpoint } = findWorkload(platform, name);
  const response = await invoke(runtime, endpoint, contentType, body);
  const { terminal } = context;
  if (options.json) terminal.out(`${JSON.stringify(response)}\n`);
  else for (const line of predictionLines(response, terminal)) terminal.out(`${line}\n`);
  return EXIT.ok;
}

async function invoke(
  runtime: Awaited<ReturnType<Context["connect"]>>["runtime"],
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

/** What the model said when it refused the request, with all faults of all records. */
function refusalOf(error: unknown, endpoint: string): CliFault | null {
  if (!(error instanceof Error) || error.name !== "ModelError") return null;
  const { OriginalMessage, OriginalStatusCode } = error as {
    OriginalMessage?: string;
    OriginalStatusCode?: number;
  };
  const refusal = refusalIn(OriginalMessage ?? "");
  if (refusal === null) {
    const what = OriginalMessage ?? error.message;
    return new CliFault(
      EXIT.failed,
      `The model behind ${endpoint} answered ${OriginalStatusCode ?? "an error"}: ${what}`,
      {
        cause: error,
      },
    );
  }
  const faults = refusal.faults.map(({ record, field, message }) => {
    const where = [...(record === null ? [] : [`record ${record + 1}`]), ...(field === null ? [] : [field])];
    return `  ${where.length === 0 ? "" : `${where.join(", ")}: `}${message}`;
  });
  return new CliFault(
    EXIT.failed,
    [`${refusal.error} (${OriginalStatusCode ?? 400})`, ...faults].join("\n"),
    {
      cause: error,
    },
  );
}

function refusalIn(text: string): EndpointRefusal | null {
  try {
    return EndpointRefusal.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
