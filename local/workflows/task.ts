import type { CloudClock } from "../clock.ts";
import type { Gateway } from "../gateway/interfaces.ts";
import { TaskError } from "./errors.ts";
import { taskErrorOf, type Integration } from "./integrations.ts";

type Json = Record<string, unknown>;

export interface TaskSurroundings {
  call: Gateway["call"];
  clock: CloudClock;
}

/** Calls the API behind a Task, as `roleArn`; answers in the form that Step Functions gives to the state machine. */
export async function performTask(
  { call, clock }: TaskSurroundings,
  roleArn: string,
  integration: Integration,
  resource: string,
  input: Json,
  signal: AbortSignal,
): Promise<unknown> {
  const ask = async (action: string, members: Json): Promise<Json> => {
    try {
      return ((await clock.during(call(roleArn, integration.service, action, members))) ?? {}) as Json;
    } catch (error) {
      throw taskErrorOf(integration, error);
    }
  };
  if (integration.answer === "job") return followJob(ask, clock, integration.action, input, signal);
  if (integration.service === "lambda" && integration.action === "Invoke") {
    const members =
      integration.answer === "payload" ? { FunctionName: resource, Payload: input } : { ...input };
    const payload = members["Payload"];
    const answer = await ask("Invoke", { ...members, Payload: base64Of(payload ?? {}) });
    const result = payloadOf(answer);
    if (integration.answer === "payload") return result;
    return {
      ...withMetadata({}),
      ExecutedVersion: "$LATEST",
      Payload: result,
      StatusCode: answer["StatusCode"] ?? 200,
    };
  }
  return withMetadata(plain(await ask(integration.action, input), (time) => time.toISOString()) as Json);
}

/** Milliseconds between two looks at a job. Step Functions hears of its end by an event and needs no such thing. */
const LOOK_EVERY = 300;

const NOUNS: Record<string, string> = {
  CreateTrainingJob: "TrainingJob",
  CreateHyperParameterTuningJob: "HyperParameterTuningJob",
  CreateProcessingJob: "ProcessingJob",
  CreateTransformJob: "TransformJob",
};

/** `.sync`: starts the job, waits for its end and answers with its description. A stopped task stops its job. */
async function followJob(
  ask: (action: string, members: Json) => Promise<Json>,
  clock: CloudClock,
  action: string,
  input: Json,
  signal: AbortSignal,
): Promise<unknown> {
  const noun = NOUNS[action] ?? "";
  await ask(action, input);
  const job = { [`${noun}Name`]: input[`${noun}Name`] };
  try {
    for (;;) {
      const description = await ask(`Describe${noun}`, job);
      const status = description[`${noun}Status`];
      if (status === "Completed" || status === "Failed" || status === "Stopped") {
        const shown = plain(description, (time) => time.getTime());
        if (status === "Completed") return shown;
        throw new TaskError("States.TaskFailed", JSON.stringify(shown));
      }
      await clock.sleep(LOOK_EVERY, signal);
    }
  } catch (error) {
    if (signal.aborted) await ask(`Stop${noun}`, job).catch(() => undefined);
    throw error;
  }
}

function base64Of(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64");
}

function payloadOf(answer: Json): unknown {
  const text = Buffer.from((answer["Payload"] as string | undefined) ?? "", "base64").toString();
  const payload: unknown = text === "" ? null : JSON.parse(text);
  if (answer["FunctionError"] === undefined) return payload;
  const { errorType = "Lambda.Unknown" } = (payload ?? {}) as { errorType?: string };
  throw new TaskError(errorType, text);
}

function withMetadata(answer: Json): Json {
  return { ...answer, SdkHttpMetadata: { HttpStatusCode: 200 }, SdkResponseMetadata: {} };
}

/** JSON without undefined members, dates as the integration writes them. */
function plain(value: unknown, timeOf: (time: Date) => string | number): unknown {
  if (value instanceof Date) return timeOf(value);
  if (Array.isArray(value)) return value.map((item) => plain(item, timeOf));
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(members.map(([key, item]) => [key, plain(item, timeOf)]));
}
