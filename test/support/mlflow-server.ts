import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, type Mlflow, startMlflow } from "../../local/emulators/mlflow.ts";

const PYTHON = join(import.meta.dirname, "../../.tracking/bin/python");

/** A real tracking server for tests: it can be stopped and started again with what it has been told. */
export class TestMlflow {
  readonly url: string;
  private readonly port: number;
  private readonly folder = mkdtempSync(join(tmpdir(), "perennial-mlflow-"));
  private server: Mlflow | null = null;

  private constructor(port: number) {
    this.port = port;
    this.url = `http://127.0.0.1:${port}`;
  }

  static async open(): Promise<TestMlflow> {
    const server = new TestMlflow(await freePort(0));
    await server.start();
    return server;
  }

  async start(): Promise<void> {
    this.server = startMlflow({ python: PYTHON, folder: this.folder, port: this.port });
    await this.server.ready;
  }

  async stop(): Promise<void> {
    await this.server?.close();
    this.server = null;
  }

  async close(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
