import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { artifactFiles } from "./artifact.ts";

const MAIN = join(import.meta.dirname, "../../apps/serving/main.ts");

/** A folder laid out as `/opt/ml`, with an artifact in `model`; it goes when the running test is over. */
export function mlRoot(files = artifactFiles()): string {
  const root = mkdtempSync(join(tmpdir(), "perennial-serving-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  mkdirSync(join(root, "model"));
  for (const [file, bytes] of Object.entries(files)) writeFileSync(join(root, "model", file), bytes);
  return root;
}

export interface Container {
  process: ChildProcess;
  stdout: () => string;
  stderr: () => string;
  exit: Promise<number | null>;
}

/** Starts the endpoint's program as the container does, on a free port; it is killed when the running test is over. */
export function start(environment: Record<string, string>, program = MAIN): Container {
  const child = spawn(process.execPath, [program, "serve"], {
    env: {
      PERENNIAL_MODEL_VERSION: "3",
      PERENNIAL_MAX_BODY_KIB: "64",
      PERENNIAL_MAX_RECORDS: "10",
      PORT: "0",
      ...environment,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const said = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk: Buffer) => (said.stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (said.stderr += chunk.toString()));
  const exit = once(child, "close").then(([code]) => code as number | null);
  return { process: child, stdout: () => said.stdout, stderr: () => said.stderr, exit };
}

/** Waits until the container's standard output holds `text`; rejects if it ends before. */
export async function said(container: Container, text: string): Promise<void> {
  let isOver = false;
  void container.exit.then(() => (isOver = true));
  while (!container.stdout().includes(text)) {
    if (isOver) throw new Error(`the container ended without saying ${text}: ${container.stderr()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Address of a container, once it has said that its model is there. */
export async function ready(container: Container): Promise<string> {
  await said(container, '"message":"ready"');
  const [, address] = /Server listening at (http:\/\/[\d.:]+)/.exec(container.stdout()) ?? [];
  return address ?? "";
}
