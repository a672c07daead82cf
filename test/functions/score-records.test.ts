import { createHash, createHmac, type Hash, type Hmac } from "node:crypto";
import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { EndpointRefusal, EndpointResponse, type ScoringAnswer } from "@perennial/contracts";
import { OnlineTableFault } from "@perennial/online";
import { loadArtifact } from "@perennial/scoring";
import type { MeasuredRequest, States } from "@perennial/scoring/invocation";
import { SignatureV4 } from "@smithy/signature-v4";
import { expect, it, onTestFinished } from "vitest";
import { createApp } from "../../apps/serving/app.ts";
import { Readiness } from "../../apps/serving/readiness.ts";
import { createHandler } from "../../functions/score-records/handler.ts";
import { fetchObject } from "../../functions/score-records/fetch-object.ts";
import { openModel } from "../../functions/score-records/open-model.ts";
import {
  artifactArchive,
  artifactFiles,
  type ArtifactParts,
  FAILING_GRAPH,
  linearProbability,
  NAN_GRAPH,
} from "../support/artifact.ts";
import { RecordedTelemetry } from "../support/telemetry.ts";

const RECORD = { sex: "Female", ward: "2", diagnosis: "V45", days: 3, weight: 80 };
const MODEL = { workload: "test-readmission", version: 4, artifact: "0123456789ab" };
const LIMITS = { maxBodyKiB: 64, maxRecords: 20 };

/** The function with a model of its own; `given` are its requests as the metrics see them. */
async function scoring({ parts, states }: { parts?: ArtifactParts; states?: States } = {}) {
  const model = await loadArtifact(await artifactArchive(artifactFiles(parts)));
  const telemetry = new RecordedTelemetry();
  const measured: MeasuredRequest[] = [];
  let millis = 0;
  const handler = createHandler({
    model,
    version: 4,
    limits: LIMITS,
    states,
    measure: (request) => void measured.push(request),
    telemetry,
    now: () => Date.UTC(2026, 0, 5),
    elapsed: () => (millis += 1.5),
  });
  const ask = (event: unknown) => handler(event, { awsRequestId: "request-1" });
  return { model, ask, telemetry, measured };
}

const refusalIn = ({ body }: ScoringAnswer) => EndpointRefusal.parse(JSON.parse(body));

it("answers one raw record as an endpoint does", async () => {
  const { ask, measured, telemetry } = await scoring();
  const answer = await ask({ body: JSON.stringify(RECORD), inferenceId: "churn-7" });
  expect({ ...answer, body: EndpointResponse.parse(JSON.parse(answer.body)) }).toEqual({
    status: 200,
    contentType: "application/json",
    inferenceId: "churn-7",
    body: {
      predictions: [{ probability: expect.closeTo(linearProbability(RECORD), 6), flagged: true }],
      task: { kind: "binary", outcome: "readmitted", threshold: 0.5 },
      model: MODEL,
    },
  });
  const probability = linearProbability(RECORD);
  expect(measured).toEqual([
    {
      requestId: "churn-7",
      status: 200,
      durationMicros: 1500,
      records: 1,
      predictionSum: expect.closeTo(probability, 6),
      predictionSquares: expect.closeTo(probability ** 2, 6),
    },
  ]);
  expect(telemetry.lines).toEqual([]);
});

it("names the prediction after Lambda's request where the caller gave it no name", async () => {
  const { ask } = await scoring();
  expect((await ask({ body: JSON.stringify(RECORD) })).inferenceId).toBe("request-1");
});

const SECOND = { sex: "Male", days: 9 };
const LINES = `${JSON.stringify(RECORD)}\n${JSON.stringify(SECOND)}\n`;
const CSV = 'sex,days,weight\nFemale,3,80\n"Male",9,\n';
it.each([
  ["one record", "application/json", "application/json", JSON.stringify(RECORD)],
  ["records", "application/json; charset=utf-8", "*/*", JSON.stringify({ records: [RECORD, SECOND] })],
  ["lines", "application/jsonlines", "application/x-ndjson", LINES],
  ["CSV", "text/csv", "text/csv", CSV],
  ["CSV for JSON", "text/csv", "application/json;q=0.5, text/csv;q=0.1", CSV],
  ["a wrong record", "application/json", "application/json", '{"days": 99, "sexe": "Male"}'],
  ["a wrong header", "text/csv", "text/csv", "sexe,days\nMale,3\n"],
  ["a wrong line", "application/jsonlines", "application/json", '{"days": 3}\n{"days": \n'],
  ["no JSON", "application/json", "application/json", "days=3"],
  ["no record", "application/json", "application/json", '{"records": []}'],
  ["nothing", "application/json", "application/json", " "],
  ["nesting without end", "application/json", "application/json", "[".repeat(30_000)],
  ["a deep record", "application/json", "application/json", `{"days": ${"[".repeat(999)}${"]".repeat(999)}}`],
  [
    "too many records",
    "application/json",
    "application/json",
    JSON.stringify({ records: Array.from({ length: 21 }, () => RECORD) }),
  ],
  ["an unknown form", "text/plain", "application/json", "days 3"],
  ["a form that nobody answers in", "application/json", "text/html", JSON.stringify(RECORD)],
  ["a row outside the question", "application/json", "application/json", '{"days": 3, "discharge": "11"}'],
])("answers %s word for word as the endpoint's container", async (_, contentType, accept, body) => {
  const { model, ask } = await scoring();
  const readiness = new Readiness();
  readiness.succeed(model);
  const app = createApp({ readiness, version: 4, limits: { ...LIMITS, maxPending: 4 } });
  const headers = { "content-type": contentType, accept };
  const expected = await app.inject({ method: "POST", url: "/invocations", headers, payload: body });
  const answer = await ask({ body, contentType, accept });
  expect([answer.status, answer.body]).toEqual([expected.statusCode, expected.body]);
  expect(answer.contentType).toBe(String(expected.headers["content-type"]).split(";")[0]);
});

it.each([
  ["nothing", null, [null]],
  ["a record without an envelope", RECORD, ["body", null]],
  ["another type", { body: 3 }, ["body"]],
  ["an id that is no name", { body: "{}", inferenceId: "a b" }, ["inferenceId"]],
])("refuses an event that is %s as a request, so that it counts as no error", async (_, event, fields) => {
  const { ask, measured, telemetry } = await scoring();
  const answer = await ask(event);
  expect(answer.status).toBe(400);
  expect(refusalIn(answer)).toMatchObject({
    error: "the event is misshapen; expected body, with contentType, accept and inferenceId as needed",
    model: MODEL,
  });
  expect(refusalIn(answer).faults.map(({ field }) => field)).toEqual(fields);
  expect(measured.map(({ status, records }) => [status, records])).toEqual([[400, 0]]);
  expect(telemetry.lines.map(([, { reason }]) => reason)).toEqual(["malformed-event"]);
});

it("refuses a body over its limit before it reads it", async () => {
  const { ask } = await scoring();
  const answer = await ask({ body: "ü".repeat(32 * 1024 + 1) });
  expect([answer.status, refusalIn(answer).error]).toEqual([
    413,
    "the body is larger than 64 KiB, the most that one request may be; split it",
  ]);
});

it.each([
  ["fails", FAILING_GRAPH, RECORD],
  ["predicts NaN", NAN_GRAPH, { days: 3 }],
])("answers 500 without a record's values where the model %s", async (_, graph, record) => {
  const { ask, telemetry } = await scoring({ parts: { graph } });
  const answer = await ask({ body: JSON.stringify(record) });
  expect([answer.status, refusalIn(answer)]).toEqual([
    500,
    { error: "the model failed on these records", faults: [], model: MODEL },
  ]);
  expect(telemetry.lines).toEqual([
    [
      "not predicted",
      {
        requestId: "request-1",
        workload: "test-readmission",
        version: 4,
        status: 500,
        reason: "model",
        error: "PredictionFault",
      },
    ],
  ]);
});

const WITH_LOOKUPS: ArtifactParts = {
  manifest: {
    lookups: [{ entity: "payer", by: "payer", at: null, maxAge: 30, columns: { weight: "mean" } }],
  },
};

it("says that nothing can be looked up where there is no table", async () => {
  const { ask } = await scoring({ parts: WITH_LOOKUPS });
  const answer = await ask({ body: JSON.stringify({ days: 3, payer: "MC" }) });
  expect([answer.status, refusalIn(answer).error]).toEqual([
    400,
    "this endpoint has no online table (PERENNIAL_ONLINE_TABLE) to look fields up in; send weight with each record",
  ]);
});

it("answers 503 where the table can't be read", async () => {
  const states = { read: () => Promise.reject(new OnlineTableFault("online", "ThrottlingException")) };
  const { ask } = await scoring({ parts: WITH_LOOKUPS, states });
  const answer = await ask({ body: JSON.stringify({ days: 3, payer: "MC" }) });
  expect([answer.status, refusalIn(answer).error]).toEqual([
    503,
    "the online table online can't be read: ThrottlingException; try again, or send the fields with the records",
  ]);
});

const URI = "s3://artifacts/models/test-readmission/model.tar.gz";
const hashOf = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");

it("opens the artifact that it was given, and no other", async () => {
  const chosen = await artifactArchive();
  const place = { uri: URI, sha256: hashOf(chosen) };
  const asked: string[] = [];
  const model = await openModel((uri) => {
    asked.push(uri);
    return Promise.resolve(chosen);
  }, place);
  expect([asked, model.manifest.version]).toEqual([[URI], "0123456789ab"]);

  const other = await artifactArchive(artifactFiles({ manifest: { version: "ba9876543210" } }));
  await expect(openModel(() => Promise.resolve(other), place)).rejects.toThrow(
    `${URI} has the SHA-256 ${hashOf(other)}; expected ${hashOf(chosen)}. Roll out a version whose artifact is whole.`,
  );
});

it("doesn't start with a model that answers nothing for the plainest row", async () => {
  const silent = await artifactArchive(artifactFiles({ graph: NAN_GRAPH }));
  await expect(
    openModel(() => Promise.resolve(silent), { uri: URI, sha256: hashOf(silent) }),
  ).rejects.toThrow("model.onnx answered with NaN for record 0; expected a probability from 0 to 1");
});

const NOW = new Date("2026-01-05T10:20:30.456Z");
const CREDENTIALS = { accessKeyId: "AKID", secretAccessKey: "secret", sessionToken: "token" };

/** A bucket whose answers are these, one a request; answers what it was asked and how long was waited. */
async function bucketOf(...answers: RequestListener[]) {
  const asked: IncomingMessage[] = [];
  const waits: number[] = [];
  const server = createServer((request, response) => {
    const answer = answers[asked.length];
    asked.push(request);
    if (answer === undefined) request.destroy();
    else answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const sleep = (ms: number) => Promise.resolve(waits.push(ms));
  const bucket = { region: "eu-central-1", endpoint, credentials: CREDENTIALS, now: () => NOW, sleep };
  return { bucket, asked, waits, endpoint };
}

/** As the SDK's signer wants its hash. */
class Sha256 {
  private readonly hash: Hash | Hmac;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.hash = secret === undefined ? createHash("sha256") : createHmac("sha256", secret as string);
  }

  update(text: string | ArrayBuffer | ArrayBufferView): void {
    this.hash.update(text as string);
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.hash.digest());
  }

  reset(): never {
    throw new Error("one hash is made for each text");
  }
}

it("asks S3 for the model with the signature that the SDK would write", async () => {
  const { bucket, asked, endpoint } = await bucketOf((_, response) => void response.end("model"));
  expect(String(await fetchObject("s3://artifacts/models/a b(1)!/model.tar.gz", bucket))).toBe("model");
  const [request] = asked;
  expect(request?.url).toBe("/artifacts/models/a%20b%281%29%21/model.tar.gz");
  const signer = new SignatureV4({
    service: "s3",
    region: "eu-central-1",
    credentials: CREDENTIALS,
    sha256: Sha256,
    uriEscapePath: false,
  });
  const { host } = new URL(endpoint);
  const { headers } = await signer.sign(
    { method: "GET", protocol: "http:", hostname: host, path: request?.url ?? "", headers: { host } },
    { signingDate: NOW },
  );
  expect(request?.headers).toMatchObject(headers);
  expect(Object.keys(headers)).toContain("authorization");
});

const status =
  (code: number, text = ""): RequestListener =>
  (_, response) =>
    void response.writeHead(code).end(text);

it("tries again what passes, and waits twice as long each time", async () => {
  const { bucket, waits } = await bucketOf(
    status(503),
    (request) => request.destroy(),
    status(429),
    status(200, "model"),
  );
  expect(String(await fetchObject(URI, bucket))).toBe("model");
  expect(waits).toEqual([100, 200, 400]);
});

it("gives up after four attempts, and at once where it may not read", async () => {
  const away = await bucketOf(status(500), status(500), status(500), status(500, "InternalError"));
  await expect(fetchObject(URI, away.bucket)).rejects.toThrow(
    `${URI} can't be read (status 500: InternalError); expected an object that this function's role may read`,
  );
  expect(away.asked).toHaveLength(4);
  const closed = await bucketOf(status(403, "<Code>AccessDenied</Code>"), status(200));
  await expect(fetchObject(URI, closed.bucket)).rejects.toThrow(
    `${URI} can't be read (status 403: <Code>AccessDenied</Code>); expected an object that this function's role may read`,
  );
  expect(closed.asked).toHaveLength(1);
});
