import { Worker } from "node:worker_threads";
import type { RecorderData } from "./recorder.ts";
import type { Account, RecordedResource } from "./resource.ts";
import type { StackSettings } from "./settings.ts";

/** What the program registered, in order. */
export interface RecordedProgram {
  resources: RecordedResource[];
  account: Account;
}

/** @throws where the stack's settings don't say which account and region it lies in. */
export function accountOf({ project, stack, values }: StackSettings): Account {
  const accountId = values[`${project}:accountId`];
  const region = values["aws:region"];
  if (accountId === undefined || region === undefined) {
    throw new Error(`Pulumi.${stack}.yaml: expected ${project}:accountId and aws:region.`);
  }
  return { accountId, region };
}

/**
 * Evaluates the program with a stack's settings, in a thread of its own so that it can be evaluated again.
 *
 * @throws what the program throws, and every type of resource that the local cloud doesn't know.
 */
export async function evaluate(repository: string, settings: StackSettings): Promise<RecordedProgram> {
  const account = accountOf(settings);
  const data: RecorderData = { repository, settings, account };
  const worker = new Worker(new URL("recorder.ts", import.meta.url), { workerData: data, execArgv: [] });
  try {
    const resources = await new Promise<RecordedResource[]>((resolve, reject) => {
      worker.on("message", resolve);
      worker.on("error", reject);
      worker.on("exit", (code) => reject(new Error(`the program ended with ${code} before it was recorded`)));
    });
    return { resources, account };
  } finally {
    await worker.terminate();
  }
}
