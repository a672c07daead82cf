import { SageMakerClient } from "@aws-sdk/client-sagemaker";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { readMlflow } from "../../apps/cli/mlflow.ts";
import { StandInServer } from "../support/stand-in-server.ts";

const APP = "arn:aws:sagemaker:eu-central-1:123456789012:mlflow-app/app-1";
const PACKAGE = "arn:aws:sagemaker:eu-central-1:123456789012:model-package/churn";
const server = new StandInServer();

beforeAll(() => server.open());
beforeEach(() => server.heard.splice(0));
afterAll(() => server.close());

function reader({ pages = null, timeoutMs }: { pages?: string | null; timeoutMs?: number } = {}) {
  const sageMaker = new SageMakerClient({
    region: "eu-central-1",
    credentials: { accessKeyId: "somebody", secretAccessKey: "secret" },
  });
  const patience = timeoutMs === undefined ? {} : { timeoutMs };
  return readMlflow({ appArn: APP, url: server.url, pages, sageMaker, ...patience });
}

/** A server that knows this model and these versions of it. */
function knowing(registered_model: object, model_versions: object[]): void {
  server.answer = ({ url }, response) => {
    const body = url.includes("registered-models/get") ? { registered_model } : { model_versions };
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
  };
}

const version = (number: number, arn: string | null, run_id = "") => ({
  version: String(number),
  run_id,
  tags: arn === null ? [] : [{ key: "perennial.modelPackageArn", value: arn }],
});

describe("MLflow's registry", () => {
  it("is read by the package that a version stands for, with its aliases and its run's page", async () => {
    knowing(
      {
        aliases: [
          { alias: "champion", version: "5" },
          { alias: "kept", version: 5 },
        ],
      },
      [
        version(4, `${PACKAGE}/1`),
        version(5, `${PACKAGE}/2`, "ab12"),
        version(6, `${PACKAGE}/2`, "twice"),
        version(7, null, "by hand"),
      ],
    );
    const models = await reader({ pages: "http://127.0.0.1:5000" }).readModels("churn");
    expect([...models]).toEqual([
      [`${PACKAGE}/1`, { version: 4, aliases: [], runId: null, runUrl: null }],
      [
        `${PACKAGE}/2`,
        {
          version: 5,
          aliases: ["champion", "kept"],
          runId: "ab12",
          runUrl: "http://127.0.0.1:5000/#/runs/ab12",
        },
      ],
    ]);
  });

  it("is only read, and signed for the app by who asks", async () => {
    knowing({}, []);
    await reader().readModels("churn");
    expect(server.heard.map(({ method, url }) => [method, url])).toEqual([
      ["GET", "/api/2.0/mlflow/registered-models/get?name=churn"],
      ["GET", "/api/2.0/mlflow/model-versions/search?filter=name%3D%27churn%27&max_results=200"],
    ]);
    const { headers } = server.heard[0]!;
    expect(headers["x-sm-mlflow-app-arn"]).toBe(APP);
    expect(headers.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=somebody\/\d{8}\/eu-central-1\/sagemaker\/aws4_request, /,
    );
  });

  it("has nothing of a workload before its first version, and isn't given it", async () => {
    server.answer = (_, response) => {
      const body = { error_code: "RESOURCE_DOES_NOT_EXIST", message: "none" };
      response.writeHead(404, { "content-type": "application/json" }).end(JSON.stringify(body));
    };
    expect(await reader().readModels("churn")).toEqual(new Map());
    expect(server.heard.map(({ method }) => method)).toEqual(["GET"]);
  });

  it("is not waited for when it is slow", async () => {
    server.answer = () => undefined;
    await expect(reader({ timeoutMs: 50 }).readModels("churn")).rejects.toMatchObject({
      name: "TrackingAway",
      reason: `no answer of ${server.url} in 50 ms`,
    });
  });
});
