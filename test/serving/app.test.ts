import { EndpointRefusal, EndpointResponse } from "@perennial/contracts";
import * as fc from "fast-check";
import type { LightMyRequestResponse } from "fastify";
import { describe, expect, it } from "vitest";
import { createApp } from "../../apps/serving/app.ts";
import { Readiness } from "../../apps/serving/readiness.ts";
import { FAILING_GRAPH, linearProbability, NAN_GRAPH } from "../support/artifact.ts";
import { servingApp, type ServingApp } from "../support/serving.ts";

const MODEL = { workload: "test-readmission", version: 3, artifact: "0123456789ab" };
const RECORD = { sex: "Female", days: 3, weight: 80 };

async function invoke(
  { app }: Pick<ServingApp, "app">,
  payload: string | Buffer,
  headers: Record<string, string> = {},
): Promise<LightMyRequestResponse> {
  return app.inject({
    method: "POST",
    url: "/invocations",
    headers: { "content-type": "application/json", ...headers },
    payload,
  });
}

const probabilityOf = (row: Parameters<typeof linearProbability>[0]) => Math.fround(linearProbability(row));
const near = (value: number) => expect.closeTo(value, 6) as number;

describe("/ping", () => {
  it("answers 200 and names the model once there is one", async () => {
    const { app } = await servingApp();
    const response = await app.inject("/ping");
    expect([response.statusCode, response.json()]).toEqual([200, { status: "ready", model: MODEL }]);
  });

  it("answers 503 with the reason until there is one, and so does /invocations", async () => {
    const limits = { maxBodyKiB: 1, maxRecords: 1, maxPending: 1 };
    const app = createApp({ readiness: new Readiness(), version: 3, limits });
    const [ping, invocation] = [await app.inject("/ping"), await invoke({ app }, "{}")];
    expect([ping.statusCode, ping.json()]).toEqual([
      503,
      { status: "unready", reason: "the model is being loaded" },
    ]);
    expect([invocation.statusCode, invocation.json()]).toEqual([
      503,
      { error: "the model is being loaded", faults: [], model: null },
    ]);
    await app.close();
  });

  it("leaves no line in the log, for it comes every few seconds", async () => {
    const { app, lines } = await servingApp();
    await app.inject("/ping");
    expect(lines()).toEqual([]);
  });
});

describe("application/json", () => {
  it("takes one record", async () => {
    const response = await invoke(await servingApp(), JSON.stringify(RECORD));
    expect([response.statusCode, response.headers["content-type"]]).toEqual([200, "application/json"]);
    const answer = EndpointResponse.parse(response.json());
    expect(answer).toEqual({
      predictions: [{ probability: near(probabilityOf(RECORD)), flagged: false }],
      task: { kind: "binary", outcome: "readmitted", threshold: 0.5 },
      model: MODEL,
    });
  });

  it("takes many records, in their order", async () => {
    const rows = [RECORD, { days: 14, diagnosis: "V45" }, { days: 1 }];
    const response = await invoke(await servingApp(), JSON.stringify({ records: rows }));
    const flagged = [false, true, false];
    expect(EndpointResponse.parse(response.json()).predictions).toEqual(
      rows.map((row, index) => ({ probability: near(probabilityOf(row)), flagged: flagged[index] })),
    );
  });

  it.each([
    ["", "the body is empty; expected at least one record"],
    [" \n", "the body is empty; expected at least one record"],
    ['{"records": []}', "the body holds no record; expected at least one"],
    ["[]", 'the body isn\'t a JSON object; expected one record or {"records": […]}'],
    ["null", 'the body isn\'t a JSON object; expected one record or {"records": […]}'],
    ['"x"', 'the body isn\'t a JSON object; expected one record or {"records": […]}'],
  ])("refuses %j", async (body, error) => {
    const response = await invoke(await servingApp(), body);
    expect([response.statusCode, response.json()]).toEqual([400, { error, faults: [], model: MODEL }]);
  });

  it("refuses half a document and quotes the parser", async () => {
    const response = await invoke(await servingApp(), '{"days": 3');
    expect(response.statusCode).toBe(400);
    expect(EndpointRefusal.parse(response.json()).error).toMatch(/^the body isn't JSON: .+/);
  });

  it("refuses what stands beside the records, or in their place", async () => {
    const response = await invoke(await servingApp(), '{"records": 3, "days": 3}');
    expect([response.statusCode, response.json()]).toEqual([
      400,
      {
        error: "the body is misshapen",
        faults: [
          {
            record: null,
            field: "days",
            message: 'unknown field beside "records"; fields belong into its records',
          },
          { record: null, field: "records", message: "expected an array of records" },
        ],
        model: MODEL,
      },
    ]);
  });

  it("tells all faults of all records", async () => {
    const body = { records: [RECORD, { days: 99, sex: "F" }, 7, { dais: 3, days: 3 }] };
    const response = await invoke(await servingApp(), JSON.stringify(body));
    expect(response.statusCode).toBe(400);
    expect(response.json()).toEqual({
      error: "the records have 4 faults",
      faults: [
        { record: 1, field: "days", message: "given 99; expected a whole number from 1 to 14" },
        { record: 1, field: "sex", message: 'given "F"; expected one of Female, Male' },
        { record: 2, field: null, message: "given 7; expected an object of field names to values" },
        { record: 3, field: "dais", message: 'unknown field; did you mean "days"?' },
      ],
      model: MODEL,
    });
  });

  it("is not poisoned by a field called __proto__", async () => {
    const response = await invoke(await servingApp(), '{"days": 3, "__proto__": {"weight": 1}}');
    expect(response.json()).toMatchObject({
      faults: [{ record: 0, field: "__proto__", message: "unknown field; leave it out" }],
    });
    expect(Object.hasOwn(Object.prototype, "weight")).toBe(false);
  });

  it.each(["[", '{"a":'])("survives 5,000 levels of %j", async (level) => {
    const response = await invoke(
      await servingApp(),
      `{"days": ${'{"a":'.repeat(3_000)}1${"}".repeat(3_000)}}`,
    );
    expect(response.statusCode).toBe(413);
    const wide = await servingApp({}, { limits: { maxBodyKiB: 1024, maxRecords: 5, maxPending: 64 } });
    const closed = level === "[" ? "]" : "}";
    const deep = `{"days": ${level.repeat(5_000)}1${closed.repeat(5_000)}}`;
    const refused = await invoke(wide, deep);
    expect([refused.statusCode, EndpointRefusal.parse(refused.json()).faults[0]?.field]).toEqual([
      400,
      "days",
    ]);
  });
});

describe("application/jsonlines", () => {
  const headers = { "content-type": "application/jsonlines", accept: "application/jsonlines" };

  it("takes and answers a record a line, each with the model", async () => {
    const response = await invoke(
      await servingApp(),
      `${JSON.stringify(RECORD)}\r\n\n{"days": 14}\n`,
      headers,
    );
    expect([response.statusCode, response.headers["content-type"]]).toEqual([200, "application/jsonlines"]);
    const lines = response.body.split("\n");
    expect(lines.pop()).toBe("");
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(
      [RECORD, { days: 14 }].map((row) => ({
        probability: expect.closeTo(probabilityOf(row), 6) as number,
        flagged: row.days === 14,
        model: MODEL,
      })),
    );
  });

  it("tells the faults of unreadable lines with those of the others, as JSON", async () => {
    const response = await invoke(await servingApp(), '{"days": 3}\n{"days":\n[1]\n{"days": 0}', headers);
    const { error, faults } = EndpointRefusal.parse(response.json());
    expect([response.statusCode, response.headers["content-type"], error]).toEqual([
      400,
      "application/json; charset=utf-8",
      "the records have 3 faults",
    ]);
    expect(faults).toEqual([
      { record: 1, field: null, message: expect.stringMatching(/^line 2 isn't JSON: /) as string },
      { record: 2, field: null, message: "given an array; expected an object of field names to values" },
      { record: 3, field: "days", message: "given 0; expected a whole number from 1 to 14" },
    ]);
  });
});

describe("text/csv", () => {
  const headers = { "content-type": "text/csv; charset=UTF-8", accept: "text/csv" };

  it("takes rows below a header and answers below one, each with the model", async () => {
    const csv = '\ufeffdays , sex,"weight",payer\r\n3,Female,80,"a, ""b""\nc"\r\n14,?,,\r\n';
    const response = await invoke(await servingApp(), csv, headers);
    expect([response.statusCode, response.headers["content-type"]]).toEqual([200, "text/csv"]);
    const [header, ...rows] = response.body.trimEnd().split("\n");
    expect(header).toBe("probability,flagged,workload,version,artifact");
    const cells = rows.map((row) => row.split(","));
    expect(cells.map(([, ...rest]) => rest)).toEqual([
      ["false", "test-readmission", "3", "0123456789ab"],
      ["true", "test-readmission", "3", "0123456789ab"],
    ]);
    expect(Number(cells[0]?.[0])).toBeCloseTo(probabilityOf(RECORD), 6);
    expect(Number(cells[1]?.[0])).toBeCloseTo(probabilityOf({ days: 14 }), 6);
  });

  it("tells a wrong column once, with the faults of the rows", async () => {
    const response = await invoke(await servingApp(), "days,days,weigth\n3,3,80\n99,3,80\n3,3\n", headers);
    const { error, faults } = EndpointRefusal.parse(response.json());
    expect([response.statusCode, error]).toEqual([
      400,
      "the CSV header is wrong; the first line must name the fields of the columns",
    ]);
    expect(faults.slice(0, 2)).toEqual([
      { record: null, field: "days", message: "stands twice in the header" },
      { record: null, field: "weigth", message: 'unknown field; did you mean "weight"?' },
    ]);
    expect(faults).toContainEqual({
      record: 2,
      field: null,
      message: "the row has 2 cells; expected 3, as many as the header",
    });
  });

  it("says nothing about rows where there is no header", async () => {
    const response = await invoke(await servingApp(), "3,Female\n4,Male\n", headers);
    expect(EndpointRefusal.parse(response.json()).faults).toEqual([
      { record: null, field: "3", message: "unknown field; leave it out" },
      { record: null, field: "Female", message: "unknown field; leave it out" },
    ]);
  });

  it.each([
    ["days\n", "the body holds no record; expected at least one"],
    [
      'days\n"3',
      "the body isn't CSV (RFC 4180): Quote Not Closed: the parsing is finished with an opening quote at line 2",
    ],
  ])("refuses %j", async (csv, error) => {
    const response = await invoke(await servingApp(), csv, headers);
    expect([response.statusCode, EndpointRefusal.parse(response.json()).error]).toEqual([400, error]);
  });
});

describe("Accept", () => {
  it.each([
    ["", "application/json"],
    ["*/*", "application/json"],
    ["text/*", "text/csv"],
    ["text/csv;q=0.2, application/jsonlines;q=0.9", "application/jsonlines"],
    ["application/x-ndjson", "application/x-ndjson"],
    ["application/json;q=0, */*;q=0.1", "application/jsonlines"],
    ["TEXT/CSV", "text/csv"],
  ])("%j is answered with %s", async (accept, type) => {
    const response = await invoke(await servingApp(), JSON.stringify(RECORD), { accept });
    expect([response.statusCode, response.headers["content-type"]]).toEqual([200, type]);
  });

  it.each(["text/html", "application/json;q=0", "text/csv;q=x", "nonsense"])(
    "%j is refused",
    async (accept) => {
      const response = await invoke(await servingApp(), JSON.stringify(RECORD), { accept });
      expect([response.statusCode, response.json()]).toEqual([
        406,
        {
          error:
            "Accept names no type that is answered with; expected application/json, application/jsonlines, application/x-ndjson, text/csv",
          faults: [],
          model: MODEL,
        },
      ]);
    },
  );
});

describe("what is refused before it is read", () => {
  const types = "application/json, application/jsonlines, application/x-ndjson, text/csv";
  it.each([
    [{ "content-type": "text/plain" }, 415, `Content-Type isn't supported; expected ${types}`],
    [
      { "content-type": "application/json; charset=latin1" },
      415,
      "the charset isn't supported; expected utf-8",
    ],
    [
      { "content-encoding": "gzip" },
      415,
      "Content-Encoding isn't supported; send the body as it is (identity)",
    ],
  ])("%j", async (headers, status, error) => {
    const response = await invoke(await servingApp(), JSON.stringify(RECORD), headers);
    expect([response.statusCode, response.json()]).toEqual([status, { error, faults: [], model: MODEL }]);
  });

  it("a body without Content-Type", async () => {
    const { app } = await servingApp();
    const response = await app.inject({ method: "POST", url: "/invocations", payload: "{}", headers: {} });
    expect([response.statusCode, EndpointRefusal.parse(response.json()).error]).toEqual([
      415,
      `Content-Type is missing; expected ${types}`,
    ]);
  });

  it("a body that isn't UTF-8", async () => {
    const response = await invoke(await servingApp(), Buffer.from([0x7b, 0xff, 0x7d]));
    expect([response.statusCode, EndpointRefusal.parse(response.json()).error]).toEqual([
      400,
      "the body isn't UTF-8",
    ]);
  });

  it("a body above the limit", async () => {
    const response = await invoke(await servingApp(), `{"payer": "${"x".repeat(16 * 1024)}"}`);
    expect([response.statusCode, EndpointRefusal.parse(response.json()).error]).toEqual([
      413,
      "the body is larger than 16 KiB, the most that one request may be; split it",
    ]);
  });

  it.each([
    ["application/json", JSON.stringify({ records: Array.from({ length: 6 }, () => RECORD) })],
    ["application/jsonlines", '{"days": 3}\n'.repeat(6)],
    ["text/csv", `days\n${"3\n".repeat(6)}`],
  ])("more records than allowed, as %s", async (type, body) => {
    const response = await invoke(await servingApp(), body, { "content-type": type });
    expect([response.statusCode, EndpointRefusal.parse(response.json()).error]).toEqual([
      413,
      "the body holds more than 5 records, the most that one request may; split it",
    ]);
  });

  it.each([
    ["GET", "/invocations", 405, "the method isn't allowed here; expected POST", "POST"],
    ["DELETE", "/ping", 405, "the method isn't allowed here; expected GET, HEAD", "GET, HEAD"],
    ["GET", "/", 404, "no such path; expected /ping, /invocations, /metrics", undefined],
    ["POST", "/constructor", 404, "no such path; expected /ping, /invocations, /metrics", undefined],
    ["GET", "/%zz", 400, "the request is malformed HTTP", undefined],
  ] as const)("%s %s", async (method, url, status, error, allow) => {
    const { app } = await servingApp();
    const response = await app.inject({ method, url });
    expect([response.statusCode, response.json(), response.headers["allow"]]).toEqual([
      status,
      { error, faults: [], model: MODEL },
      allow,
    ]);
  });
});

describe("custom attributes", () => {
  const ours = (id: string) => `model-version=3;artifact=0123456789ab;inference-id=${id}`;
  it.each([
    ["stand behind the caller's", "trace=7", `trace=7;${ours("a-1")}`],
    ["stand alone without the caller's", undefined, ours("a-1")],
    ["stand alone where both would be too long", "x".repeat(1000), ours("a-1")],
    ["stand alone where the caller's aren't ASCII", "trace=é", ours("a-1")],
  ])("%s", async (_, sent, expected) => {
    const headers = {
      "x-amzn-sagemaker-inference-id": "a-1",
      ...(sent === undefined ? {} : { "x-amzn-sagemaker-custom-attributes": sent }),
    };
    const response = await invoke(await servingApp(), JSON.stringify(RECORD), headers);
    expect(response.headers["x-amzn-sagemaker-custom-attributes"]).toBe(expected);
  });

  it("stand at a refusal, too", async () => {
    const response = await invoke(await servingApp(), "{}", { "x-amzn-sagemaker-inference-id": "a-2" });
    expect([response.statusCode, response.headers["x-amzn-sagemaker-custom-attributes"]]).toEqual([
      400,
      ours("a-2"),
    ]);
  });

  it.each([undefined, "Jane Doe; born 1950", "x".repeat(65)])(
    "hold an id of our own where %j was sent",
    async (id) => {
      const headers = id === undefined ? {} : { "x-amzn-sagemaker-inference-id": id };
      const response = await invoke(await servingApp(), JSON.stringify(RECORD), headers);
      expect(response.headers["x-amzn-sagemaker-custom-attributes"]).toMatch(
        /^model-version=3;artifact=0123456789ab;inference-id=[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
      );
    },
  );
});

describe("a model that fails", () => {
  it("on one request's records answers 500 and goes on", async () => {
    // This graph can't do without a weight, so that it fails on a row of nothing, too; the probe is asked about another one.
    const serving = await servingApp({ graph: NAN_GRAPH });
    const model = serving.readiness.model;
    if (model === undefined) throw new Error("expected a model");
    model.probe = async () => {};
    const response = await invoke(serving, '{"days": 3}');
    expect([response.statusCode, response.json()]).toEqual([
      500,
      { error: "the model failed on these records", faults: [], model: MODEL },
    ]);
    expect((await serving.app.inject("/ping")).statusCode).toBe(200);
  });

  it("on a row of nothing, too, is no model any more", async () => {
    const serving = await servingApp({ graph: FAILING_GRAPH });
    const response = await invoke(serving, '{"days": 3, "ward": "secret"}');
    expect(response.statusCode).toBe(500);
    const ping = await serving.app.inject("/ping");
    expect([ping.statusCode, ping.json()]).toEqual([
      503,
      { status: "unready", reason: "the model no longer answers" },
    ]);
    expect(serving.log()).not.toContain("secret");
    expect(serving.lines().map(({ message }) => message)).toEqual([
      "the model no longer answers",
      "the model failed on these records",
      "not predicted",
    ]);
  });
});

describe("the log", () => {
  it("has a line for a request that wasn't predicted, and none for one that was", async () => {
    const serving = await servingApp();
    await invoke(serving, JSON.stringify({ records: [RECORD, RECORD] }));
    await invoke(serving, "[]", { "x-amzn-sagemaker-inference-id": "a-1" });
    expect(serving.lines()).toEqual([
      {
        level: 30,
        time: expect.any(Number) as number,
        reqId: "a-1",
        requestId: "a-1",
        method: "POST",
        route: "/invocations",
        status: 400,
        reason: "unreadable-body",
        durationMicros: expect.any(Number) as number,
        message: "not predicted",
      },
    ]);
  });

  it.each([
    ["a refused value", "application/json", '{"days": "XYZZY"}'],
    ["an unknown field", "application/json", '{"XYZZY": 3}'],
    ["broken JSON", "application/json", '{"days": XYZZY'],
    ["a broken line", "application/jsonlines", "XYZZY"],
    ["a broken row", "text/csv", 'days\n"XYZZY'],
    ["an unknown column", "text/csv", "XYZZY\n1"],
    ["an answered record", "application/json", '{"days": 3, "ward": "XYZZY"}'],
  ])("never holds %s", async (_, type, body) => {
    const serving = await servingApp();
    const response = await invoke(serving, body, { "content-type": type, accept: "*/*" });
    expect(serving.log()).not.toContain("XYZZY");
    await serving.app.close();
    expect(serving.lines().at(-1)).toMatchObject({ Refused: response.statusCode === 400 ? 1 : 0 });
    expect(serving.log()).not.toContain("XYZZY");
  });

  it("never holds a path or query, which a confused caller may have put a record into", async () => {
    const serving = await servingApp();
    await serving.app.inject({ method: "GET", url: "/invocations/XYZZY?days=XYZZY" });
    await serving.app.inject({ method: "GET", url: "/%zzXYZZY" });
    await serving.app.inject({ method: "POST", url: "/invocations?days=XYZZY", payload: "{}" });
    expect(serving.log()).not.toContain("XYZZY");
  });
});

describe("any body", () => {
  const bytes = fc.oneof(
    fc.string().map((text) => Buffer.from(text)),
    fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array)),
    fc.json().map((text) => Buffer.from(text)),
    fc
      .array(
        fc.array(fc.constantFrom("days", "sex", "3", "Female", '"', ",", "\n", "\r", "?", "é"), {
          maxLength: 6,
        }),
      )
      .map((rows) => Buffer.from(rows.map((cells) => cells.join(",")).join("\n"))),
    fc.array(fc.json({ maxDepth: 1 }), { maxLength: 4 }).map((lines) => Buffer.from(lines.join("\n"))),
  );

  it.each(["application/json", "application/jsonlines", "text/csv"])(
    "as %s is answered with predictions or refused with a clear answer",
    async (type) => {
      const serving = await servingApp();
      await fc.assert(
        fc.asyncProperty(bytes, async (body) => {
          const response = await invoke(serving, body, { "content-type": type });
          expect([200, 400, 413]).toContain(response.statusCode);
          const contract = response.statusCode === 200 ? EndpointResponse : EndpointRefusal;
          expect(contract.parse(response.json()).model).toEqual(MODEL);
        }),
        { numRuns: 300 },
      );
    },
  );
});
