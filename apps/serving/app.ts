import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { AnsweringModel } from "@perennial/contracts";
import { type Model, PredictionFault } from "@perennial/scoring";
import {
  acceptedType,
  type BodyLimits,
  contentTypeOf,
  type PredictedRecords,
  predictRecords,
  readRecords,
  Refusal,
  renderAnswer,
  VersionMetrics,
} from "@perennial/scoring/invocation";
import fastify, {
  LogController,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from "fastify";
import type { Reason } from "./answered-request.ts";
import { CUSTOM_ATTRIBUTES, customAttributes, INFERENCE_ID, inferenceIdOf } from "./custom-attributes.ts";
import { endConnectionsOnClose } from "./ending-connections.ts";
import { failureOf, isTableFault } from "./failure.ts";
import { OPEN_METRICS } from "./open-metrics.ts";
import { PendingRequests, type PendingLimits } from "./pending-requests.ts";
import type { Readiness } from "./readiness.ts";
import { framesOf } from "./request-log.ts";
import { ServingMetrics } from "./serving-metrics.ts";

export interface AppArgs {
  readiness: Readiness;
  /** Version of the model in the registry; 0 is the baseline. */
  version: number;
  limits: BodyLimits & PendingLimits;
  /** Takes log lines (JSON, one a call); without it nothing is logged. */
  log?: { write(line: string): void };
  /** Longest waits for a client, in milliseconds: for its headers, for its whole request, for its next one. */
  timeouts?: { headersMs: number; requestMs: number; idleMs: number };
}

// SageMaker gives a container 60 s to answer and keeps its connections open between requests.
const TIMEOUTS = { headersMs: 10_000, requestMs: 30_000, idleMs: 75_000 };
const ROUTES: Readonly<Record<string, string>> = {
  "/ping": "GET, HEAD",
  "/invocations": "POST",
  "/metrics": "GET, HEAD",
};
/** When to come again after a 503: what passes at all passes within a second, or takes a new container. */
const RETRY_AFTER_SECONDS = "1";

declare module "fastify" {
  interface FastifyRequest {
    /** How many records were answered, with the sum of their first outputs and of its squares. */
    records: number;
    predictionSum: number;
    predictionSquares: number;
    /** Why none was. */
    reason: Reason | undefined;
  }
}

/** The endpoint's container (SageMaker's contract: `GET /ping`, `POST /invocations`); opens no port itself. */
export function createApp(args: AppArgs): FastifyInstance {
  const { readiness, version, limits, log, timeouts = TIMEOUTS } = args;
  const pending = new PendingRequests(limits);
  const metrics = new ServingMetrics();
  const answering = (): AnsweringModel | undefined =>
    readiness.model && {
      workload: readiness.model.manifest.workload,
      version,
      artifact: readiness.model.manifest.version,
    };

  const app = fastify({
    bodyLimit: limits.maxBodyKiB * 1024,
    requestTimeout: timeouts.requestMs,
    keepAliveTimeout: timeouts.idleMs,
    connectionTimeout: timeouts.idleMs,
    http: {
      headersTimeout: timeouts.headersMs,
      connectionsCheckingInterval: Math.min(1_000, timeouts.headersMs),
    },
    forceCloseConnections: "idle",
    genReqId: (request: IncomingMessage) => inferenceIdOf(request.headers[INFERENCE_ID]) ?? randomUUID(),
    logger: log === undefined ? false : { level: "info", stream: log, base: null, messageKey: "message" },
    // Fastify's own lines hold addresses and URLs; ours is written below.
    logController: new LogController({ disableRequestLogging: true }),
    frameworkErrors: (error, request, reply) => void answerError(error, request, reply),
  });
  const versionMetrics = new VersionMetrics({
    write: (line) => app.log.info(line, "metrics"),
    now: () => Date.now(),
  });

  app.decorateRequest("records", 0);
  app.decorateRequest("predictionSum", 0);
  app.decorateRequest("predictionSquares", 0);
  app.decorateRequest("reason", undefined);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));

  app.get("/ping", { logLevel: "silent" }, async (_request, reply) => {
    const { reason } = readiness;
    if (reason === undefined) return reply.code(200).send({ status: "ready", model: answering() });
    return reply.code(503).send({ status: "unready", reason });
  });

  app.get("/metrics", { logLevel: "silent" }, async (_request, reply) => {
    const { user, system } = process.cpuUsage();
    const text = metrics.render({
      model: answering(),
      isReady: readiness.reason === undefined,
      pending,
      residentBytes: process.memoryUsage.rss(),
      processorSeconds: (user + system) / 1e6,
    });
    return reply.header("content-type", OPEN_METRICS).send(text);
  });

  app.post("/invocations", async (request, reply) => {
    const { model, predictor } = readiness;
    const answeredBy = answering();
    if (model === undefined || predictor === undefined || answeredBy === undefined) {
      request.reason = "unready";
      const unready = { error: readiness.reason, faults: [], model: null };
      return reply.code(503).header("retry-after", RETRY_AFTER_SECONDS).send(unready);
    }
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    return pending.hold(body.length, async () => {
      const accepted = acceptedType(request.headers.accept);
      const { "content-type": contentType, "content-encoding": encoding } = request.headers;
      const records = readRecords(body, contentTypeOf(contentType, encoding), model, limits);
      const predicted = await predictRecords(model, predictor, records, readiness.states, Date.now()).catch(
        (error: unknown) => doubt(model, error),
      );
      note(request, predicted, model.manifest.output.columns);
      const answer = { task: model.manifest.task, model: answeredBy, ...predicted };
      return (
        reply
          .header("content-type", accepted)
          // As bytes: to a text Fastify would add a charset, and data capture knows content types by their exact names.
          .send(Buffer.from(renderAnswer(answer, accepted)))
      );
    });
  });

  // Records on which the graph fails are one request's misfortune; a graph that fails on a row of nothing is no model.
  async function doubt(model: Model, error: unknown): Promise<never> {
    if (error instanceof PredictionFault) {
      await model.probe().catch((fault: unknown) => {
        app.log.error(framesOf(fault), "the model no longer answers");
        readiness.fail("the model no longer answers");
      });
    }
    throw error;
  }

  function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const { status, reason, message, faults } = failureOf(error, limits);
    request.reason = reason;
    if (status >= 500 && reason !== "overloaded") {
      // What a service says about a refused call holds names of resources, never a value of a record.
      const service = isTableFault(error) && error.cause instanceof Error ? error.cause.message : undefined;
      request.log.error({ requestId: request.id, service, ...framesOf(error) }, message);
    }
    if (status === 503) void reply.header("retry-after", RETRY_AFTER_SECONDS);
    return reply.code(status).send({ error: message, faults, model: answering() ?? null });
  }

  app.setErrorHandler(answerError);
  app.setNotFoundHandler((request, reply) => {
    const [path = ""] = request.url.split("?");
    const allowed = Object.hasOwn(ROUTES, path) ? ROUTES[path] : undefined;
    if (allowed === undefined) {
      throw new Refusal(404, `no such path; expected ${Object.keys(ROUTES).join(", ")}`);
    }
    void reply.header("allow", allowed);
    throw new Refusal(405, `the method isn't allowed here; expected ${allowed}`);
  });

  app.addHook("onSend", (request, reply, payload, done) => {
    const model = answering();
    if (model !== undefined && request.routeOptions.url === "/invocations") {
      const sent = request.headers[CUSTOM_ATTRIBUTES];
      reply.header(CUSTOM_ATTRIBUTES, customAttributes(sent, { ...model, inferenceId: request.id }));
    }
    done(null, payload);
  });

  app.addHook("onResponse", (request, reply, done) => {
    const { id: requestId, method, records, predictionSum, predictionSquares, reason } = request;
    const { statusCode: status } = reply;
    const durationMicros = Math.round(reply.elapsedTime * 1_000);
    const route = request.routeOptions.url ?? "(none)";
    if (route === "/invocations") {
      const answered = {
        requestId,
        status,
        reason,
        durationMicros,
        records,
        predictionSum,
        predictionSquares,
      };
      metrics.add(answered);
      const model = answering();
      if (model !== undefined) versionMetrics.add(answered, model);
    }
    // Who was answered is counted and nothing more, and so is who came too many: under load a line each would be load.
    if (status >= 400 && reason !== "overloaded") {
      request.log.info({ requestId, method, route, status, reason, durationMicros }, "not predicted");
    }
    done();
  });
  // Once when the end is near, since a container that takes too long is killed; and what is answered after that at the end.
  app.addHook("preClose", (done) => {
    versionMetrics.flush();
    done();
  });
  app.addHook("onClose", (_app, done) => {
    versionMetrics.flush();
    done();
  });

  endConnectionsOnClose(app);
  return app;
}

/** Keeps what the metrics want to know of an answer. */
function note(request: FastifyRequest, { predictions }: PredictedRecords, columns: number): void {
  request.records = predictions.length / columns;
  for (let first = 0; first < predictions.length; first += columns) {
    const prediction = predictions[first] ?? Number.NaN;
    request.predictionSum += prediction;
    request.predictionSquares += prediction * prediction;
  }
}
