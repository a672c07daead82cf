import { setTimeout as sleep } from "node:timers/promises";
import { parse, SCORING_FUNCTION } from "@perennial/contracts";
import { type MeasuredRequest, VersionMetrics } from "@perennial/scoring/invocation";
import { openTelemetry } from "@perennial/telemetry";
import { z } from "zod";
import { fetchObject } from "./fetch-object.ts";
import { createHandler } from "./handler.ts";
import { openModel } from "./open-model.ts";

const NAME = "score-records";

/** What Lambda itself tells every function. */
const Lambda = z.object({
  AWS_REGION: z.string(),
  AWS_ACCESS_KEY_ID: z.string(),
  AWS_SECRET_ACCESS_KEY: z.string(),
  AWS_SESSION_TOKEN: z.string().optional(),
  AWS_ENDPOINT_URL: z.url().optional(),
});
const environment = parse(
  Lambda.extend(SCORING_FUNCTION.environment.shape),
  process.env,
  `environment of ${NAME}`,
);
const now = () => Date.now();
const elapsed = () => performance.now();

// Here and not in the first request: Lambda starts it before there is one, and one whose model doesn't open never answers.
const bucket = {
  region: environment.AWS_REGION,
  endpoint: environment.AWS_ENDPOINT_URL,
  credentials: {
    accessKeyId: environment.AWS_ACCESS_KEY_ID,
    secretAccessKey: environment.AWS_SECRET_ACCESS_KEY,
    sessionToken: environment.AWS_SESSION_TOKEN,
  },
  now: () => new Date(now()),
  sleep,
};
const model = await openModel(async (uri) => await fetchObject(uri, bucket), {
  uri: environment.PERENNIAL_MODEL_URI,
  sha256: environment.PERENNIAL_MODEL_SHA256,
});
const table = environment.PERENNIAL_ONLINE_TABLE;
const states =
  table === undefined
    ? undefined
    : // Loaded where there is a table: the client takes as long as the model.
      (await import("./online-states.ts")).statesOf(table, model.manifest.workload, elapsed);

const metrics = new VersionMetrics({
  write: (line) => void process.stdout.write(`${JSON.stringify(line)}\n`),
  now,
});

export const handler = createHandler({
  model,
  version: environment.PERENNIAL_MODEL_VERSION,
  limits: {
    maxBodyKiB: environment.PERENNIAL_MAX_BODY_KIB,
    maxRecords: environment.PERENNIAL_MAX_RECORDS,
  },
  states,
  measure: (request: MeasuredRequest, answering) => {
    metrics.add(request, answering);
    // Between two requests Lambda stops the clock, and may never start it again.
    metrics.flush();
  },
  telemetry: openTelemetry(NAME),
  now,
  elapsed,
});
