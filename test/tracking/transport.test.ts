import { createHash } from "node:crypto";
import { appSigner, appUrl, Runs, TrackingAway, TrackingRefused, Transport } from "@perennial/tracking";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { StandInServer } from "../support/stand-in-server.ts";

let server: StandInServer;
beforeEach(async () => {
  server = await new StandInServer().open();
});
afterEach(() => server.close());

const find = (options: { timeoutMs?: number } = {}) =>
  new Runs(new Transport({ url: server.url, ...options })).find("1", { "perennial.execution": "churn-1" });

async function errorOf(asking: Promise<unknown>): Promise<Error> {
  return await asking.then(
    () => Promise.reject(new Error("it was answered")),
    (error: unknown) => error as Error,
  );
}

describe("a server that is away for a while", () => {
  it.each([
    [500, "database or disk is full"],
    [502, "bad gateway"],
    [503, "database is locked"],
    [429, "too many requests"],
    [408, "too slow"],
  ])("is told apart from one that refuses: %s", async (status, message) => {
    server.answer = (_, response) =>
      response.writeHead(status).end(JSON.stringify({ error_code: "TEMPORARILY_UNAVAILABLE", message }));
    const error = await errorOf(find());
    expect(error).toBeInstanceOf(TrackingAway);
    expect(error.message).toBe(
      `POST api/2.0/mlflow/runs/search: answered ${status} TEMPORARILY_UNAVAILABLE: ${message}; ` +
        "expected a tracking server that answers. Nothing is lost: ask again later.",
    );
  });

  it("is one that doesn't answer in time", async () => {
    server.answer = () => undefined;
    const error = await errorOf(find({ timeoutMs: 100 }));
    expect(error).toBeInstanceOf(TrackingAway);
    expect(error.message).toMatch(/: no answer of http:\/\/127\.0\.0\.1:\d+ in 100 ms;/);
  });

  it("is one that stops in the middle of its answer", async () => {
    server.answer = (_, response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write("{");
      setTimeout(() => response.destroy(), 20);
    };
    expect(await errorOf(find())).toBeInstanceOf(TrackingAway);
  });

  it("is one in whose place a page answers", async () => {
    server.answer = (_, response) => response.writeHead(200).end("<html>starting</html>");
    const error = await errorOf(find());
    expect(error).toBeInstanceOf(TrackingAway);
    expect(error.message).toContain('answered "<html>starting</html>" instead of JSON');
  });
});

it("is refused with the server's own code", async () => {
  server.answer = (_, response) =>
    response
      .writeHead(400)
      .end(JSON.stringify({ error_code: "INVALID_PARAMETER_VALUE", message: "no such column" }));
  const error = await errorOf(find());
  expect(error).toBeInstanceOf(TrackingRefused);
  expect(error.message).toBe("POST api/2.0/mlflow/runs/search: INVALID_PARAMETER_VALUE: no such column");
});

it("is refused with the words of what stands in front of it", async () => {
  server.answer = (_, response) =>
    response.writeHead(403).end(JSON.stringify({ __type: "AccessDeniedException", message: "not yours" }));
  const error = await errorOf(find());
  expect(error.message).toBe("POST api/2.0/mlflow/runs/search: AccessDeniedException: not yours");
});

it("is refused by an answer of another shape, with the place that is wrong", async () => {
  server.answer = (_, response) => response.writeHead(200).end(JSON.stringify({ runs: [{ info: {} }] }));
  await expect(find()).rejects.toThrow(
    /^MLflow's answer to POST runs\/search is refused, 3 faults:\n {2}runs\.0\.info\.run_id/,
  );
});

it("doesn't send a value with quotes into a search", async () => {
  const runs = new Runs(new Transport({ url: server.url }));
  await expect(runs.find("1", { execution: "x' OR '1'='1" })).rejects.toThrow("quotes aren't taken");
  expect(server.heard).toEqual([]);
});

describe("an MLflow app of SageMaker", () => {
  const APP = "arn:aws:sagemaker:eu-central-1:123456789012:mlflow-app/app-ABC";

  it("answers at its region's address", () => {
    expect(appUrl(APP)).toBe("https://mlflow.sagemaker.eu-central-1.app.aws");
    expect(() => appUrl("arn:aws:sagemaker:eu-central-1:123456789012:mlflow-tracking-server/x")).toThrow(
      "expected arn:aws:sagemaker:<region>:<account>:mlflow-app/<id>",
    );
  });

  it("gets requests that are signed for SageMaker and name the app", async () => {
    server.answer = (_, response) => response.writeHead(200).end('{"runs": []}');
    const credentials = () =>
      Promise.resolve({ accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret", sessionToken: "token" });
    await new Runs(new Transport({ url: server.url, sign: appSigner(APP, credentials) })).find("1", {
      a: "b",
    });
    const { headers = {}, body = "" } = server.heard[0] ?? {};
    expect(headers["x-sm-mlflow-app-arn"]).toBe(APP);
    expect(headers["x-amz-security-token"]).toBe("token");
    expect(headers["x-amz-content-sha256"]).toBe(createHash("sha256").update(body).digest("hex"));
    expect(headers["authorization"]).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-central-1\/sagemaker\/aws4_request, SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date;x-amz-security-token;x-sm-mlflow-app-arn, Signature=[0-9a-f]{64}$/,
    );
  });
});
