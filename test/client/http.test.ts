import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  createClient,
  http,
  type HttpOptions,
  type PredictOptions,
} from "../../packages/client/src/index.ts";
import { StandInServer } from "../support/stand-in-server.ts";
import { MATCH, matchPrediction, matchReply } from "./stand-ins.ts";

let server: StandInServer;
beforeEach(async () => {
  server = await new StandInServer().open();
  server.answer = (_, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify(matchReply(1).body));
  };
});
afterEach(async () => server.close());

const ask = (options: Partial<HttpOptions> = {}, call: Pick<PredictOptions, "targetVariant"> = {}) =>
  createClient({ transport: http({ url: options.url ?? server.url, ...options }), retries: 1 }).predict(
    "match-outcome",
    MATCH,
    { inferenceId: "round-14", ...call },
  );

describe("a request over HTTP", () => {
  it("goes to the workload's route, with the records and their id", async () => {
    const { prediction } = await ask();
    expect(prediction).toEqual(matchPrediction(1));
    expect(server.heard).toMatchObject([
      {
        method: "POST",
        url: "/v1/match-outcome/predict",
        body: JSON.stringify({ records: [MATCH] }),
        headers: {
          accept: "application/json",
          "content-type": "application/json",
          "x-inference-id": "round-14",
        },
      },
    ]);
  });

  it.each(["", "/", "/prod", "/prod/"])("goes below the path that the API has, here %j", async (path) => {
    await ask({ url: server.url + path });
    expect(server.heard.map(({ url }) => url)).toEqual([
      `${path.replace(/\/$/, "")}/v1/match-outcome/predict`,
    ]);
  });

  it("names the variant that its caller asks for, and none without that", async () => {
    await ask({}, { targetVariant: "challenger" });
    await ask();
    expect(server.heard.map(({ headers }) => headers["x-target-variant"])).toEqual(["challenger", undefined]);
  });

  it("brings no credentials where none are given", async () => {
    await ask();
    const [heard] = server.heard;
    expect(Object.keys(heard?.headers ?? {}).filter((name) => /key|authorization|cookie/.test(name))).toEqual(
      [],
    );
  });

  it("brings the API key", async () => {
    await ask({ apiKey: "k-1" });
    expect(server.heard).toMatchObject([{ headers: { "x-api-key": "k-1" } }]);
  });

  it("brings a token, asked for anew by each attempt", async () => {
    const tokens = ["first", "second"];
    const { answer } = server;
    server.answer = (heard, response) =>
      heard.headers.authorization === "Bearer first"
        ? response.writeHead(503).end()
        : answer(heard, response);
    await ask({ token: async () => tokens.shift() ?? "none" });
    expect(server.heard.map(({ headers }) => headers.authorization)).toEqual([
      "Bearer first",
      "Bearer second",
    ]);
  });

  it("brings the headers of whoever signs it, who sees it as it is sent", async () => {
    const signed: unknown[] = [];
    await ask({
      apiKey: "k-1",
      sign: (request) => {
        signed.push(request);
        return { ...request.headers, authorization: "AWS4-HMAC-SHA256 …".replace("…", "Signature=0") };
      },
    });
    expect(signed).toEqual([
      {
        method: "POST",
        url: `${server.url}/v1/match-outcome/predict`,
        headers: {
          accept: "application/json",
          "content-type": "application/json",
          "x-inference-id": "round-14",
          "x-api-key": "k-1",
        },
        body: JSON.stringify({ records: [MATCH] }),
      },
    ]);
    expect(server.heard).toMatchObject([
      { headers: { authorization: "AWS4-HMAC-SHA256 Signature=0", "x-api-key": "k-1" } },
    ]);
  });
});

describe("a reply over HTTP", () => {
  it("that is a problem (RFC 9457) is told in its words", async () => {
    server.answer = (_, response) => {
      response.writeHead(422, { "content-type": "application/problem+json" });
      const faults = [{ record: 0, field: "venue", message: 'given "away"; expected home' }];
      response.end(JSON.stringify({ type: "urn:x", title: "No", status: 422, detail: "1 fault", faults }));
    };
    await expect(ask()).rejects.toMatchObject({
      name: "InvalidRecords",
      faults: [{ record: 0, field: "venue", message: 'given "away"; expected home' }],
    });
  });

  it("that asks to wait is waited for", async () => {
    const { answer } = server;
    let waited = 0;
    server.answer = (heard, response) => {
      if (server.heard.length > 1) return answer(heard, response);
      waited = performance.now();
      return response.writeHead(429, { "retry-after": "0.3" }).end();
    };
    await ask();
    expect(performance.now() - waited).toBeGreaterThanOrEqual(300);
    expect(server.heard).toHaveLength(2);
  });

  it("that isn't JSON is told as text", async () => {
    server.answer = (_, response) => response.writeHead(404).end("<h1>Not here</h1>");
    await expect(ask()).rejects.toThrow(
      `${server.url}/v1/match-outcome/predict answers 404: <h1>Not here</h1>.`,
    );
  });

  it("that breaks off is asked for again", async () => {
    const { answer } = server;
    server.answer = (heard, response) => {
      if (server.heard.length > 1) return answer(heard, response);
      response.writeHead(200, { "content-length": "1000" });
      response.write('{"predictions":[');
      return setTimeout(() => response.destroy(), 20);
    };
    expect((await ask()).prediction).toEqual(matchPrediction(1));
    expect(server.heard).toHaveLength(2);
  });

  it("that points elsewhere is not followed: the credentials would go along", async () => {
    const other = await new StandInServer().open();
    server.answer = (_, response) => response.writeHead(307, { location: `${other.url}/` }).end();
    await expect(ask({ apiKey: "k-1" })).rejects.toMatchObject({ name: "Unavailable" });
    expect(other.heard).toEqual([]);
    await other.close();
  });

  it("that never comes ends with the attempt, and the connection with it", async () => {
    const ended: boolean[] = [];
    server.answer = (_, response) => response.on("close", () => ended.push(response.writableFinished));
    const client = createClient({ transport: http({ url: server.url }), attemptTimeoutMs: 100, retries: 0 });
    await expect(client.predict("match-outcome", MATCH)).rejects.toMatchObject({ name: "TimedOut" });
    await expect.poll(() => ended).toEqual([false]);
  });

  it("can't come where nobody listens: that is Unavailable, with the reason", async () => {
    const { url } = server;
    await server.close();
    const port = new URL(url).port;
    await expect(ask({ url })).rejects.toMatchObject({
      name: "Unavailable",
      message:
        `${url}/v1/match-outcome/predict can't be reached: fetch failed: connect ECONNREFUSED 127.0.0.1:${port} ` +
        "(attempt 2). Try again later, or allow more attempts with retries.",
    });
    server = await new StandInServer().open();
  });
});

it.each([
  "",
  "predictions.example.com",
  "ftp://example.com",
  "https://example.com/?stage=1",
  "https://example.com#a",
])("http() refuses the URL %j", (url) => {
  expect(() => http({ url })).toThrow(
    new TypeError(
      `http(): url is ${JSON.stringify(url)}, expected one such as "https://predictions.example.com"`,
    ),
  );
});
