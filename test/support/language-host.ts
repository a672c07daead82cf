import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { readStack } from "../../local/program/settings.ts";
import { type Conversation, startEngine } from "./engine.ts";
import { ONE_WORKLOAD } from "./program.ts";

const REPOSITORY = join(import.meta.dirname, "../..");
/** A program takes three seconds, many times as many where others are at work; one that hangs is ended. */
const LONGEST_RUN_MS = 240_000;

const ProjectFile = z.object({
  main: z.string(),
  runtime: z.object({ name: z.literal("nodejs"), options: z.object({ typescript: z.boolean() }) }),
});

export interface Run extends Conversation {
  exitCode: number | null;
  /** What the program wrote to its output and error streams. */
  printed: string;
}

/**
 * Runs the program in a process of its own, as Pulumi's language host for Node does: through the SDK's own entry point,
 * with its flags and environment (`constructArguments` and `constructConfig` in
 * https://github.com/pulumi/pulumi/blob/master/sdk/nodejs/cmd/pulumi-language-nodejs/main.go). The engine that it talks to
 * is the test's.
 */
export async function runAsLanguageHost(
  stack: string,
  { isPreview, changes = {} }: { isPreview: boolean; changes?: Record<string, string> },
): Promise<Run> {
  const { main, runtime } = ProjectFile.parse(parse(readFileSync(join(REPOSITORY, "Pulumi.yaml"), "utf8")));
  const { project, values } = readStack(REPOSITORY, stack);
  const programDirectory = join(REPOSITORY, main);
  const entryPoint = createRequire(join(programDirectory, "package.json")).resolve("@pulumi/pulumi/cmd/run");
  const engine = await startEngine(project, stack, isPreview);
  const flags = {
    monitor: engine.address,
    engine: engine.address,
    organization: "organization",
    project,
    "root-directory": REPOSITORY,
    stack,
    pwd: programDirectory,
  };
  const args = [
    entryPoint,
    ...Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]),
    ...(isPreview ? ["--dry-run"] : []),
    "--parallel",
    "16",
    // `main` is a folder: the host leaves it to the SDK to find the module.
    ".",
  ];
  const settings = Object.entries({ ...values, ...ONE_WORKLOAD, ...changes }).map(
    ([key, value]) => [key.replace(":", ":config:"), value] as const,
  );
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, args, {
    cwd: REPOSITORY,
    env: {
      PATH,
      HOME,
      PULUMI_CONFIG: JSON.stringify(Object.fromEntries(settings)),
      PULUMI_CONFIG_SECRET_KEYS: "[]",
      ...(runtime.options.typescript ? { PULUMI_NODEJS_TYPESCRIPT: "true" } : {}),
    },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: LONGEST_RUN_MS,
    killSignal: "SIGKILL",
  });
  let printed = "";
  child.stdout.on("data", (chunk: Buffer) => (printed += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (printed += chunk.toString()));
  try {
    const [exitCode] = (await once(child, "close")) as [number | null];
    return { ...engine.conversation, exitCode, printed };
  } finally {
    engine.stop();
  }
}
