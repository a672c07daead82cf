import { once } from "node:events";
import { mkdtempSync, rmSync, truncateSync } from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { bundle } from "../../apps/serving/bundle.ts";
import { readSettings } from "../../apps/serving/settings.ts";
import { extractMetrics } from "../../local/monitoring/embedded-metrics.ts";
import { artifactFiles, FAILING_GRAPH } from "../support/artifact.ts";
import { type Container, mlRoot, ready, said, start } from "../support/container.ts";
import { servingApp } from "../support/serving.ts";

/** A request whose body is still to come, and that the container has begun to read. */
async function beginRequest(address: string): Promise<{ finish: () => Promise<string> }> {
  const socket = connect(Number(new URL(address).port), "127.0.0.1");
  const body = '{"days": 3}';
  socket.write(
    "POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" +
      `Expect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n`,
  );
  const [onward] = (await once(socket, "data")) as [Buffer];
  expect(onward.toString()).toBe("HTTP/1.1 100 Continue\r\n\r\n");
  const finish = async () => {
    socket.write(body);
    const [answer] = (await once(socket, "data")) as [Buffer];
    return answer.toString();
  };
  return { finish };
}

/** How many requests each line of metrics tells of that a container has written. */
function measured(container: Container): [name: string, value: number][] {
  const found: [string, number][] = [];
  for (const line of container.stdout().split("\n")) {
    extractMetrics(line, ({ name, value }) => {
      if (name === "Requests") found.push([name, value]);
    });
  }
  return found;
}

describe("the container", { timeout: 20_000 }, () => {
  it("serves the model of its folder, and on SIGTERM finishes what is under way and exits 0", async () => {
    const container = start({ PERENNIAL_ML_ROOT: mlRoot() });
    const address = await ready(container);
    expect((await fetch(`${address}/ping`)).status).toBe(200);

    const slow = await beginRequest(address);
    container.process.kill("SIGTERM");
    await said(container, '"message":"stopping"');
    expect((await fetch(`${address}/ping`).catch(() => ({ status: "closed" }))).status).not.toBe(200);
    expect(await slow.finish()).toMatch(/^HTTP\/1\.1 200 OK/);
    expect(await container.exit).toBe(0);
    expect(container.stderr()).toBe("");
  });

  it("writes the metrics of its last requests before it ends, of those that were under way too", async () => {
    const container = start({ PERENNIAL_ML_ROOT: mlRoot() });
    const address = await ready(container);
    const ask = { method: "POST", headers: { "content-type": "application/json" }, body: '{"days": 3}' };
    expect((await fetch(`${address}/invocations`, ask)).status).toBe(200);
    const slow = await beginRequest(address);
    container.process.kill("SIGTERM");
    const since = performance.now();
    await said(container, '"message":"metrics"');
    // Not when ten seconds are over, as otherwise: by then it may have been killed.
    expect(performance.now() - since).toBeLessThan(5_000);
    expect(measured(container)).toEqual([["Requests", 1]]);
    await slow.finish();
    expect(await container.exit).toBe(0);
    expect(measured(container)).toEqual([
      ["Requests", 1],
      ["Requests", 1],
    ]);
  });

  it("exits 1 with one sentence about a corrupt artifact", async () => {
    const root = mlRoot();
    truncateSync(join(root, "model/model.onnx"), 10);
    const container = start({ PERENNIAL_ML_ROOT: root });
    expect(await container.exit).toBe(1);
    expect(container.stderr()).toMatch(
      /^artifact file model\.onnx: found SHA-256 [0-9a-f]{64} over 10 bytes; expected SHA-256 [0-9a-f]{64}, as the manifest says\. [^\n]+\n$/,
    );
  });

  it("exits 1 where the graph can't answer a row of nothing, and no value gets into its streams", async () => {
    const container = start({ PERENNIAL_ML_ROOT: mlRoot(artifactFiles({ graph: FAILING_GRAPH })) });
    expect(await container.exit).toBe(1);
    expect(container.stderr()).toBe("model.onnx answered with an error; expected 1 predictions\n");
  });

  it("exits 1 where its port is taken", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const container = start({ PERENNIAL_ML_ROOT: mlRoot(), PORT: String(port) });
    expect(await container.exit).toBe(1);
    expect(container.stderr()).toMatch(
      new RegExp(
        `^serving container: can't listen on 127\\.0\\.0\\.1:${port} \\(.*EADDRINUSE.*\\); set HOST and PORT to a free one\\.\n$`,
      ),
    );
  });

  it("stops while it waits for a client that never finishes", async () => {
    const container = start({ PERENNIAL_ML_ROOT: mlRoot() });
    const address = await ready(container);
    const idle = connect(Number(new URL(address).port), "127.0.0.1");
    await once(idle, "connect");
    onTestFinished(() => void idle.destroy());
    container.process.kill("SIGINT");
    expect(await container.exit).toBe(0);
  });
});

describe("what the image holds", { timeout: 60_000 }, () => {
  it.each([
    ["", {}],
    [
      ", with a table to look fields up in",
      { PERENNIAL_ONLINE_TABLE: "arn:aws:dynamodb:eu-central-1:123456789012:table/online" },
    ],
  ])("serves on its own, without the repository around it%s", async (_, environment) => {
    const app = mkdtempSync(join(tmpdir(), "perennial-image-"));
    onTestFinished(() => rmSync(app, { recursive: true }));
    await bundle(app);
    const container = start({ PERENNIAL_ML_ROOT: mlRoot(), ...environment }, join(app, "main.cjs"));
    const address = await ready(container);
    const response = await fetch(`${address}/invocations`, {
      method: "POST",
      headers: { "content-type": "text/csv" },
      body: "days\n3\n",
    });
    expect([response.status, await response.json()]).toMatchObject([200, { model: { version: 3 } }]);
    container.process.kill("SIGTERM");
    expect(await container.exit).toBe(0);
  });
});

describe("slow clients", () => {
  it.each([
    ["headers", "POST /invocations HTTP/1.1\r\nHost"],
    [
      "body",
      "POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{",
    ],
  ])("are cut off that don't finish their %s", async (_, sent) => {
    const timeouts = { headersMs: 150, requestMs: 300, idleMs: 2_000 };
    const { app } = await servingApp({}, { timeouts });
    const { port } = new URL(await app.listen({ host: "127.0.0.1", port: 0 }));
    const socket = connect(Number(port), "127.0.0.1");
    socket.write(sent);
    const [answer] = (await once(socket, "data")) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 408 /);
    socket.destroy();
  });
});

describe("settings", () => {
  const environment = {
    PERENNIAL_MODEL_VERSION: "0",
    PERENNIAL_MAX_BODY_KIB: "1024",
    PERENNIAL_MAX_RECORDS: "1000",
  };

  it("have SageMaker's root and port, on this machine only, unless told otherwise", () => {
    expect(readSettings(environment, ["serve"])).toEqual({
      version: 0,
      limits: { maxBodyKiB: 1024, maxRecords: 1000, maxPending: 256 },
      onlineTable: undefined,
      modelDirectory: "/opt/ml/model",
      host: "127.0.0.1",
      port: 8080,
    });
  });

  it("name the table that states are looked up in and its region, where there is one", () => {
    const PERENNIAL_ONLINE_TABLE = "arn:aws:dynamodb:eu-central-1:123456789012:table/perennial-dev-online";
    const settings = readSettings({ ...environment, PERENNIAL_ONLINE_TABLE }, []);
    expect(settings.onlineTable).toEqual({ region: "eu-central-1", name: "perennial-dev-online" });
  });

  it("want the table's region with its name", () => {
    expect(() =>
      readSettings({ ...environment, PERENNIAL_ONLINE_TABLE: "perennial-dev-online" }, []),
    ).toThrow(
      'PERENNIAL_ONLINE_TABLE: given "perennial-dev-online"; expected arn:aws:dynamodb:<region>:<account>:table/<name>',
    );
  });

  it("are refused together", () => {
    expect(() => readSettings({ PORT: "http", PERENNIAL_MAX_RECORDS: "0" }, [])).toThrow(
      "serving container: its environment is refused, 4 faults:\n" +
        "  PERENNIAL_MODEL_VERSION: given nothing; expected string, received undefined\n" +
        "  PERENNIAL_MAX_BODY_KIB: given nothing; expected string, received undefined\n" +
        '  PERENNIAL_MAX_RECORDS: given "0"; Too small: expected number to be >=1\n' +
        '  PORT: given "http"; expected a whole number',
    );
  });

  it("are refused with an argument that isn't SageMaker's", () => {
    expect(() => readSettings(environment, ["train"])).toThrow(
      'serving container: given the arguments "train"; expected "serve" or none.',
    );
  });
});
