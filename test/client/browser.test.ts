import type { ServerResponse } from "node:http";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { createClient, http } from "../../packages/client/src/index.ts";
import { openBrowser } from "../support/browser.ts";
import { type Heard, StandInServer } from "../support/stand-in-server.ts";
import { browserBundle } from "./bundle.ts";
import { MATCH, matchPrediction, matchReply } from "./stand-ins.ts";

declare const window: { client: { createClient: typeof createClient; http: typeof http } };

const PAGE = `<!doctype html><script type="module">
import * as client from "/client.js";
window.client = client;
</script>`;

let browser: Browser;
let page: Page;
let site: StandInServer;
let api: StandInServer;

beforeAll(async () => {
  const { text } = await browserBundle();
  site = await new StandInServer().open();
  site.answer = ({ url }, response) => {
    const isScript = url === "/client.js";
    response.writeHead(200, { "content-type": isScript ? "text/javascript" : "text/html" });
    response.end(isScript ? text : PAGE);
  };
  api = await new StandInServer().open();
  browser = await openBrowser();
  page = await browser.newPage();
  await page.goto(site.url);
}, 60_000);

afterAll(async () => {
  await browser?.close();
  await site?.close();
  await api?.close();
});

beforeEach(() => {
  api.heard.length = 0;
  reply((_, response) => {
    response.writeHead(200, { ...shared(), "content-type": "application/json" });
    response.end(JSON.stringify(matchReply(1).body));
  });
});

/** What the API lets a page of another origin see. */
const shared = () => ({
  "access-control-allow-origin": site.url,
  "access-control-expose-headers": "retry-after",
});

/** Answers preflights as the API does, and everything else by `answer`. */
function reply(answer: (heard: Heard, response: ServerResponse) => void): void {
  api.answer = (heard, response) => {
    if (heard.method !== "OPTIONS") return answer(heard, response);
    const allowed = {
      "access-control-allow-methods": "POST",
      // Every test is asked anew.
      "access-control-max-age": "0",
      "access-control-allow-headers": "authorization,content-type,x-api-key,x-inference-id",
    };
    return response.writeHead(204, { ...shared(), ...allowed }).end();
  };
}

/** Asks from the page, and brings back the answer or what can be said of the error. */
const ask = (retries = 0, abortAfterMs: number | null = null) =>
  page.evaluate(
    async ({ url, record, retries, abortAfterMs }) => {
      const { createClient, http } = window.client;
      const client = createClient({ transport: http({ url, apiKey: "k-1" }), retries });
      const signal = abortAfterMs === null ? {} : { signal: AbortSignal.timeout(abortAfterMs) };
      try {
        return await client.predict("match-outcome", record, { ...signal });
      } catch (error) {
        const { name, faults } = error as { name: string; faults?: unknown };
        return { name, faults };
      }
    },
    { url: api.url, record: MATCH, retries, abortAfterMs },
  );

describe("in a browser, from a page of another origin", () => {
  it("answers come with their prediction and model", async () => {
    expect(await ask()).toMatchObject({
      prediction: matchPrediction(1),
      model: { version: 3 },
      inferenceId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
    });
  });

  it("the browser asks before for these headers, and no others", async () => {
    await ask();
    expect(
      api.heard.map(({ method, url, headers }) => [method, url, headers["access-control-request-headers"]]),
    ).toEqual([
      ["OPTIONS", "/v1/match-outcome/predict", "content-type,x-api-key,x-inference-id"],
      ["POST", "/v1/match-outcome/predict", undefined],
    ]);
    expect(api.heard[1]?.headers).toMatchObject({ origin: site.url, "x-api-key": "k-1" });
  });

  it("refused records are told with their faults", async () => {
    const faults = [{ record: 0, field: "venue", message: "given null; expected a value" }];
    reply((_, response) => {
      response.writeHead(422, { ...shared(), "content-type": "application/problem+json" });
      response.end(JSON.stringify({ title: "Refused", status: 422, faults }));
    });
    expect(await ask()).toEqual({ name: "InvalidRecords", faults });
  });

  it("the wait that is asked for is seen and kept", async () => {
    const times: number[] = [];
    reply((_, response) => {
      times.push(performance.now());
      if (times.length === 1) return response.writeHead(429, { ...shared(), "retry-after": "1" }).end();
      response.writeHead(200, { ...shared(), "content-type": "application/json" });
      return response.end(JSON.stringify(matchReply(1).body));
    });
    expect(await ask(1)).toMatchObject({ prediction: matchPrediction(1) });
    expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(1_000);
  });

  it("a caller who gives up is thrown the reason", async () => {
    reply(() => {});
    expect(await ask(0, 200)).toEqual({ name: "TimeoutError", faults: undefined });
  });

  it("an API that doesn't allow the page's origin is Unavailable", async () => {
    api.answer = (_, response) => response.writeHead(200).end("{}");
    expect(await ask()).toEqual({ name: "Unavailable", faults: undefined });
  });
});
