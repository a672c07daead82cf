import { once } from "node:events";
import { connect, type Socket } from "node:net";
import * as fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { servingApp, type ServingApp } from "../support/serving.ts";

const HEAD = "POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
const requestOf = (body: string, more = "") =>
  `${HEAD}Content-Length: ${Buffer.byteLength(body)}\r\n${more}\r\n${body}`;
const FAIR = requestOf('{"days": 3}');

async function listening(
  timeouts = { headersMs: 150, requestMs: 300, idleMs: 2_000 },
): Promise<ServingApp & { port: number }> {
  const serving = await servingApp({}, { timeouts });
  const { port } = new URL(await serving.app.listen({ host: "127.0.0.1", port: 0 }));
  return { ...serving, port: Number(port) };
}

async function opened(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  // The other side may end the connection while something is being sent.
  socket.on("error", () => {});
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  return socket;
}

/** Statuses of all answers to what is sent, until the connection ends or nothing came for a while. */
async function statusesOf(port: number, sent: string | Uint8Array, quietMs = 500): Promise<number[]> {
  const socket = await opened(port);
  let answers = "";
  socket.on("data", (chunk: Buffer) => (answers += chunk.toString("latin1")));
  socket.write(sent);
  await new Promise<void>((resolve) => {
    socket.setTimeout(quietMs, resolve);
    socket.once("close", () => resolve());
  });
  socket.destroy();
  return [...answers.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
}

async function pendingOf({ app }: ServingApp): Promise<string | undefined> {
  const { body } = await app.inject("/metrics");
  return /^perennial_pending_requests (\d+)$/m.exec(body)?.[1];
}

describe("hostile HTTP", () => {
  it.each([
    ["no HTTP at all", "\0\x01\x02 hello\r\n\r\n", [400]],
    ["two lengths", requestOf("{}", "Content-Length: 7\r\n"), [400]],
    ["a length and chunks", requestOf("0\r\n\r\n", "Transfer-Encoding: chunked\r\n"), [400]],
    ["a length that is no number", `${HEAD}Content-Length: -1\r\n\r\n`, [400]],
    ["headers of 32 KiB", `${HEAD}X-Long: ${"x".repeat(32 * 1024)}\r\n\r\n`, [431]],
    ["more after its body than its length says", `${FAIR}GARBAGE\r\n\r\n`, [400]],
    ["a body in chunks", `${HEAD}Transfer-Encoding: chunked\r\n\r\nb\r\n{"days": 3}\r\n0\r\n\r\n`, [200]],
    [
      "chunks without end",
      `${HEAD}Transfer-Encoding: chunked\r\n\r\n5000\r\n${"x".repeat(0x5000)}\r\n`,
      [413],
    ],
    ["a chunk that is no chunk", `${HEAD}Transfer-Encoding: chunked\r\n\r\nzz\r\n`, [400]],
    ["three requests at once", FAIR.repeat(3), [200, 200, 200]],
  ])("with %s is answered, and the next caller, too", async (_, sent, statuses) => {
    const serving = await listening();
    expect(await statusesOf(serving.port, sent)).toEqual(statuses);
    expect(await statusesOf(serving.port, FAIR)).toEqual([200]);
    expect(await pendingOf(serving)).toBe("0");
  });

  it("of any bytes ends nothing but its own connection", async () => {
    const serving = await listening();
    const pieces = fc.oneof(
      fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
      fc
        .constantFrom(
          HEAD,
          FAIR,
          "\r\n",
          "Content-Length: 5\r\n",
          "Transfer-Encoding: chunked\r\n",
          "{}",
          "0",
        )
        .map((text) => Buffer.from(text)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(pieces, { maxLength: 6 }), async (sent) => {
        const statuses = await statusesOf(serving.port, Buffer.concat(sent), 20);
        expect([200, 400, 404, 405, 408, 413, 415, 431]).toEqual(expect.arrayContaining(statuses));
      }),
      { numRuns: 60 },
    );
    expect(await statusesOf(serving.port, FAIR)).toEqual([200]);
    expect(await pendingOf(serving)).toBe("0");
  }, 20_000);
});

describe("a client that goes away", () => {
  it.each([
    ["before its body is whole", requestOf('{"days": 3}').slice(0, -4)],
    ["before it is answered", FAIR],
    ["with ten requests under way", FAIR.repeat(10)],
  ])("%s leaves nothing behind", async (_, sent) => {
    const serving = await listening();
    for (let client = 0; client < 20; client += 1) {
      const socket = await opened(serving.port);
      socket.write(sent);
      if (client % 2 === 0) socket.resetAndDestroy();
      else socket.destroy();
    }
    expect(await statusesOf(serving.port, FAIR)).toEqual([200]);
    expect(await pendingOf(serving)).toBe("0");
    expect(serving.log()).not.toContain('"level":50');
  });

  it("as one of many that send slowly keeps nobody waiting", async () => {
    const serving = await listening({ headersMs: 2_000, requestMs: 4_000, idleMs: 4_000 });
    const slow = await Promise.all(Array.from({ length: 100 }, () => opened(serving.port)));
    for (const socket of slow) socket.write(`${HEAD}Content-Length: 11\r\n\r\n{`);
    // More than may wait (64), were they counted before they have come whole.
    expect(await statusesOf(serving.port, FAIR)).toEqual([200]);
    for (const socket of slow) socket.destroy();
  });
});

describe("a replayed request", () => {
  it("has the same answer each time", async () => {
    const { app } = await servingApp();
    const headers = { "content-type": "application/json", "x-amzn-sagemaker-inference-id": "a-1" };
    const ask = () =>
      app.inject({ method: "POST", url: "/invocations", headers, payload: '{"days": 3, "weight": 80}' });
    const answers = await Promise.all([ask(), ask(), ask(), ask()]);
    const [first] = answers;
    for (const { statusCode, body, headers: given } of [...answers, await ask()]) {
      expect([statusCode, body]).toEqual([200, first?.body]);
      expect(given["x-amzn-sagemaker-custom-attributes"]).toBe(
        "model-version=3;artifact=0123456789ab;inference-id=a-1",
      );
    }
  });
});
