import type { PredictionTarget, Trial } from "@perennial/contracts";
import { armOf } from "@perennial/statistics";
import * as fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { createHandler } from "../../functions/answer-http/handler.ts";
import { Refusal } from "../../functions/answer-http/refusal.ts";
import { stickyKey } from "../../functions/answer-http/sticky-key.ts";
import { StickyVariants } from "../../functions/answer-http/sticky-variants.ts";
import { RecordedTelemetry } from "../support/telemetry.ts";

const TRIAL: Trial = {
  workload: "churn",
  execution: "churn-0123456789ab",
  kind: "experiment",
  share: 0.5,
  stickyBy: "customer",
  from: 2,
  to: 3,
  startedAt: "2026-03-01T02:00:00Z",
  token: 1,
};
/** Customers of either model. */
const customerOf = (arm: "champion" | "challenger"): string => {
  const found = Array.from({ length: 50 }, (_, place) => `c${place}`).find(
    (customer) => armOf(TRIAL.execution, customer, TRIAL.share) === arm,
  );
  if (found === undefined) throw new Error(`no customer of the ${arm}`);
  return found;
};
const json = (record: unknown): Buffer => Buffer.from(JSON.stringify(record));

let now: number;
let reads: number;
let ledger: { readTrial: () => Promise<Trial | null> };
let telemetry: RecordedTelemetry;
let sticky: StickyVariants;

beforeEach(() => {
  now = 0;
  reads = 0;
  telemetry = new RecordedTelemetry();
  holding(TRIAL);
  sticky = new StickyVariants({
    ledger: { readTrial: () => ledger.readTrial() },
    telemetry,
    clock: () => new Date(now),
  });
});

function holding(trial: Trial | null | Error): void {
  ledger = {
    readTrial: () => {
      reads += 1;
      return trial instanceof Error ? Promise.reject(trial) : Promise.resolve(trial);
    },
  };
}

const ask = (record: unknown) => sticky.variantFor("churn", json(record), "application/json");

describe("a caller's key", () => {
  const quoted = 'a,"the ""customer""",b\r\n1,"x, ""y""\r\nz",2\r\n3,other,4\r\n';

  it.each<[string, string, string, string | null]>([
    ["one record", "application/json", '{"customer":"c1"}', "c1"],
    ["the first of several", "application/json", '{"records":[{"customer":"c1"},{"customer":"c2"}]}', "c1"],
    ["a number, as text would have it", "application/json; charset=utf-8", '{"customer":7}', "7"],
    ["the first line", "application/jsonlines", '\n{"customer":"c1"}\n{"customer":"c2"}\n', "c1"],
    ["the first row", "text/csv", "\n customer ,age\nc1,40\nc2,41\n", "c1"],
    ["a row without an end", "text/csv", "age,customer\n40,c1", "c1"],
    ["nothing, where there is none", "application/json", '{"age":40}', null],
    ["nothing, where it is missing", "application/json", '{"customer":null}', null],
    ["nothing, where it is no value", "application/json", '{"customer":{"id":1}}', null],
    ["nothing, of an object's own making", "application/json", '{"records":[]}', null],
    ["nothing, where no row has the column", "text/csv", "age\n40\n", null],
    ["nothing, where there is no row", "text/csv", "customer\n", null],
    ["nothing, of what isn't JSON", "application/json", "{", null],
  ])("is %s", (_, contentType, body, key) => {
    expect(stickyKey(Buffer.from(body), contentType, "customer")).toBe(key);
  });

  it("is read from quoted cells", () => {
    expect(stickyKey(Buffer.from(quoted), "text/csv", 'the "customer"')).toBe('x, "y"\r\nz');
  });

  it("is nothing a caller could break the function by", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.json()),
        fc.constantFrom("application/json", "application/jsonlines", "text/csv", "image/png"),
        fc.constantFrom("customer", "__proto__", "constructor", ""),
        (body, contentType, column) => {
          const key = stickyKey(Buffer.from(body), contentType, column);
          expect(key === null || typeof key === "string").toBe(true);
        },
      ),
    );
  });
});

describe("a request during an experiment", () => {
  it("is for the model that its key always meets", async () => {
    expect(await ask({ customer: customerOf("champion") })).toBe("primary");
    expect(await ask({ customer: customerOf("challenger") })).toBe("challenger");
  });

  it("is left to chance without a key", async () => {
    expect(await ask({ age: 40 })).toBeUndefined();
  });

  it.each<[string, Trial | null]>([
    ["there is no trial", null],
    ["the trial is a shadow", { ...TRIAL, kind: "shadow", stickyBy: null }],
    ["nobody asked for it", { ...TRIAL, stickyBy: null }],
  ])("is left to chance where %s", async (_, trial) => {
    holding(trial);
    expect(await ask({ customer: "c1" })).toBeUndefined();
  });
});

describe("the ledger", () => {
  const [customer, variant] = [customerOf("challenger"), "challenger"];

  it("is read once in fifteen seconds", async () => {
    await ask({ customer });
    now = 14_999;
    holding(null);
    expect([await ask({ customer }), reads]).toEqual([variant, 1]);
    now = 15_000;
    expect([await ask({ customer }), reads]).toEqual([undefined, 2]);
  });

  it("that can't be read changes nothing, and is asked again a second later", async () => {
    holding(new Error("denied"));
    expect(await ask({ customer })).toBeUndefined();
    now = 999;
    holding(TRIAL);
    expect(await ask({ customer })).toBeUndefined();
    now = 1000;
    expect(await ask({ customer })).toBe(variant);
    now = 16_000;
    holding(new Error("denied"));
    expect(await ask({ customer })).toBe(variant);
    expect(telemetry.lines).toEqual([
      ["trial unknown", { workload: "churn", error: "Error" }],
      ["trial unknown", { workload: "churn", error: "Error" }],
    ]);
  });
});

describe("the HTTP API", () => {
  const gone = new Refusal("no-such-variant", "The header x-target-variant names none that answers.");
  const target: PredictionTarget = { kind: "endpoint", endpointName: "e", maxBodyKiB: 1 };
  let asked: (string | undefined)[];

  async function post(customer: string, { headers = {}, variants = ["primary", "challenger"] } = {}) {
    asked = [];
    const handle = createHandler({
      targets: { churn: target },
      predict: {
        endpoint: ({ targetVariant }) => {
          asked.push(targetVariant);
          if (targetVariant !== undefined && !variants.includes(targetVariant)) return Promise.reject(gone);
          return Promise.resolve({ body: "{}", contentType: "application/json", variant: targetVariant });
        },
        function: () => Promise.reject(new Error("no workload here is answered by a function")),
      },
      sticky,
      documents: { openApi: {}, page: "", pagePolicy: "", schemas: {} },
      corsOrigins: [],
      telemetry,
    });
    const { statusCode } = await handle({
      resource: "/v1/churn/predict",
      httpMethod: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify({ customer }),
      isBase64Encoded: false,
      requestContext: { requestId: "r", path: "/v1/churn/predict", domainName: "api.example.com" },
    });
    return statusCode;
  }

  it("asks the model that the caller always meets", async () => {
    expect([await post(customerOf("challenger")), asked]).toEqual([200, ["challenger"]]);
    expect([await post(customerOf("champion")), asked]).toEqual([200, ["primary"]]);
  });

  it("asks the one that the caller names instead", async () => {
    const headers = { "x-target-variant": "primary" };
    expect([await post(customerOf("challenger"), { headers }), asked]).toEqual([200, ["primary"]]);
    expect(reads).toBe(0);
  });

  it("asks whoever answers where the model isn't in service yet, or no longer, and doesn't try again soon", async () => {
    const variants = ["primary"];
    const customer = customerOf("challenger");
    expect([await post(customer, { variants }), asked]).toEqual([200, ["challenger", undefined]]);
    expect([await post(customer, { variants }), asked]).toEqual([200, [undefined]]);
    now = 15_000;
    expect([await post(customer), asked]).toEqual([200, ["challenger"]]);
  });

  it("tells a caller that the variant which they name isn't there", async () => {
    const headers = { "x-target-variant": "nobody" };
    expect([await post("c1", { headers }), asked]).toEqual([422, ["nobody"]]);
  });
});
