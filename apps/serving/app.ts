import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { AnsweringModel } from "@perennial/contracts";
import { OnlineTableFault } from "@perennial/online";
import { InvalidRecords, PredictionFault, type Model, type RecordFault } from "@perennial/scoring";
import fastify, {
  LogController,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from "fastify";
import { renderAnswer } from "./answer.ts";
import { CUSTOM_ATTRIBUTES, customAttributes, INFERENCE_ID, inferenceIdOf } from "./custom-attributes.ts";
import { acceptedType, contentTypeOf } from "./media-type.ts";
import { type PredictedRecords, predictRecords } from "./predict-records.ts";
import type { Readiness } from "./readiness.ts";
import { Refusal } from "./refusal.ts";
import { readRecords } from "./request-body.ts";
import { framesOf, logLineOf } from "./request-log.ts";

export interface AppArgs {
  readiness: Readiness;
  /** Version of the model in the registry; 0 is the baseline. */
  version: number;
  limits: { readonly maxBodyKiB: number; readonly maxRecords: number };
  /** Takes log lines (JSON, one a call); without it nothing is logged. */
  log?: { write(line: string): void };
  /** Longest waits for a client, in milliseconds: for its headers, for its whole request, for its next one. */
  timeouts?: { headersMs: number; requestMs: number; idleMs: number };
}

// SageMaker gives a container 60 s to answer and keeps its connections open between requests.
const TIMEOUTS = { headersMs: 10_000, requestMs: 30_000, idleMs: 75_000 };
const ROUTES: Readonly<Record<string, string>> = { "/ping": "GET, HEAD", "/invocations": "POST" };

declare module "fastify" {
  interface FastifyRequest {
    /** How many records were answered. */
    records: number;
  }
}

/** The endpoint's container (SageMaker's contract: `GET /ping`, `POST /invocations`); opens no port itself. */
export function createApp(args: AppArgs): FastifyInstance {
  const { readiness, version, limits, log, timeouts = TIMEOUTS } = args;
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

  app.decorateRequest("records", 0);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));

  app.get("/ping", { logLevel: "silent" }, async (_request, reply) => {
    const { reason } = readiness;
    if (reason === undefined) return reply.code(200).send({ status: "ready", model: answering() });
    return reply.code(503).send({ status: "unready", reason });
  });

  app.post("/invocations", async (request, reply) => {
    const model = readiness.model;
    const answeredBy = answering();
    if (model === undefined || answeredBy === undefined) {
      return reply.code(503).send({ error: readiness.reason, faults: [], model: null });
    }
    const accepted = acceptedType(request.headers.accept);
    const mediaType = contentTypeOf(request.headers["content-type"], request.headers["content-encoding"]);
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const records = readRecords(body, mediaType, model, limits);
    const predicted = await predict(model, records);
    request.records = records.length;
    const answer = { task: model.manifest.task, model: answeredBy, ...predicted };
    return (
      reply
        .header("content-type", accepted)
        // As bytes: to a text Fastify would add a charset, and data capture knows content types by their exact names.
        .send(Buffer.from(renderAnswer(answer, accepted)))
    );
  });

  async function predict(model: Model, records: readonly unknown[]): Promise<PredictedRecords> {
    try {
      return await predictRecords(model, records, readiness.states, Date.now());
    } catch (error) {
      if (error instanceof PredictionFault) await model.probe().catch(giveUp);
      throw error;
    }
  }

  // Records on which the graph fails are one request's misfortune; a graph that fails on a row of nothing is no model.
  function giveUp(error: unknown): void {
    app.log.error(framesOf(error), "the model no longer answers");
    readiness.fail("the model no longer answers");
  }

  function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const { status, message, faults } = describe(error, limits);
    if (status >= 500) {
      // What a service says about a refused call holds names of resources, never a value of a record.
      const service =
        error instanceof OnlineTableFault && error.cause instanceof Error ? error.cause.message : undefined;
      request.log.error({ requestId: request.id, service, ...framesOf(error) }, message);
    }
    return reply.code(status).send({ error: message, faults, model: answering() ?? null });
  }

  app.setErrorHandler(answerError);
  app.setNotFoundHandler((request, reply) => {
    const [path = ""] = request.url.split("?");
    const allowed = Object.hasOwn(ROUTES, path) ? ROUTES[path] : undefined;
    if (allowed === undefined) throw new Refusal(404, "no such path; expected /ping or /invocations");
    void reply.header("allow", allowed);
    throw new Refusal(405, `the method isn't allowed here; expected ${allowed}`);
  });

  app.addHook("onSend", async (request, reply) => {
    const model = answering();
    if (model === undefined || request.routeOptions.url !== "/invocations") return;
    const sent = request.headers[CUSTOM_ATTRIBUTES];
    reply.header(CUSTOM_ATTRIBUTES, customAttributes(sent, { ...model, inferenceId: request.id }));
  });

  app.addHook("onResponse", async (request, reply) => {
    const route = request.routeOptions.url ?? "(none)";
    const line = logLineOf({
      requestId: request.id,
      method: request.method,
      route,
      status: reply.statusCode,
      durationMs: Math.round(reply.elapsedTime * 1_000) / 1_000,
      records: request.records,
      model: route === "/invocations" ? answering() : undefined,
      timestamp: Date.now(),
    });
    request.log.info(line, "request");
  });

  endConnectionsOnClose(app);
  return app;
}

/**
 * Lets a closing server end as soon as its last answer is out. Node would wait for connections that never sent a request,
 * and for those that stay open after an answer; by then its own timeouts no longer run.
 */
function endConnectionsOnClose(app: FastifyInstance): void {
  const silent = new Set<Socket>();
  const underWay = new Set<ServerResponse>();
  app.server.on("connection", (socket: Socket) => {
    silent.add(socket);
    socket.once("close", () => silent.delete(socket));
  });
  app.server.on("request", ({ socket }: IncomingMessage, response: ServerResponse) => {
    silent.delete(socket);
    underWay.add(response);
    response.once("close", () => underWay.delete(response));
  });
  app.addHook("preClose", async () => {
    for (const socket of silent) socket.destroy();
    for (const response of underWay) response.shouldKeepAlive = false;
  });
}

interface Described {
  status: number;
  message: string;
  faults: readonly RecordFault[];
}

function describe(error: unknown, limits: AppArgs["limits"]): Described {
  if (error instanceof InvalidRecords) return { status: 400, message: error.message, faults: error.faults };
  if (error instanceof Refusal) {
    const { status, message, detail, faults } = error;
    return { status, message: detail === undefined ? message : `${message}: ${detail}`, faults };
  }
  if (error instanceof OnlineTableFault) {
    const message = `${error.message}; try again, or send the fields with the records`;
    return { status: 503, message, faults: [] };
  }
  if (error instanceof PredictionFault) {
    return { status: 500, message: "the model failed on these records", faults: [] };
  }
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "FST_ERR_CTP_BODY_TOO_LARGE") {
    const message = `the body is larger than ${limits.maxBodyKiB} KiB, the most that one request may be; split it`;
    return { status: 413, message, faults: [] };
  }
  const status = error instanceof Error && "statusCode" in error ? error.statusCode : undefined;
  if (typeof status === "number" && status >= 400 && status < 500) {
    return { status, message: "the request is malformed HTTP", faults: [] };
  }
  return { status: 500, message: "the container failed; its log holds where", faults: [] };
}
