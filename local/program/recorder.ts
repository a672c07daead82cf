/** Runs inside a worker thread: evaluates the program once, in a module graph of its own, and posts what it registered. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parentPort, workerData } from "node:worker_threads";
import * as pulumi from "@pulumi/pulumi";
import { record } from "./monitor.ts";
import type { Account } from "./resource.ts";
import type { StackSettings } from "./settings.ts";

export interface RecorderData {
  repository: string;
  settings: StackSettings;
  account: Account;
}

const { repository, settings, account } = workerData as RecorderData;
pulumi.runtime.setAllConfig(settings.values);
const program = pathToFileURL(join(repository, "infra/index.ts")).href;
const resources = await record(settings.project, settings.stack, account, async () => await import(program));
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
parentPort?.postMessage(resources);
