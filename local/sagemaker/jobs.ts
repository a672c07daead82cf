import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { asApiError } from "../gateway/answer.ts";
import { Records } from "./records.ts";
import { inUse, invalid, page } from "./requests.ts";
import type { Surroundings } from "./surroundings.ts";

export type JobStatus = "InProgress" | "Completed" | "Failed" | "Stopping" | "Stopped";

/** What Describe… answers: the request, and how the job stands. Times are seconds since 1970. */
export interface StoredJob extends Record<string, unknown> {
  name: string;
  arn: string;
  status: JobStatus;
  createdAt: number;
}

/** How a job ended, apart from what its own kind adds. */
export interface Ended extends Record<string, unknown> {
  status: "Completed" | "Failed" | "Stopped";
}

/** Longest FailureReason and ExitMessage that SageMaker keeps. */
export const MAX_REASON = 1024;

/** Jobs of one kind, those that run and those that have ended. */
export class Jobs {
  private readonly kind: string;
  private readonly records: Records<StoredJob>;
  private readonly surroundings: Surroundings;
  private readonly stops = new Map<string, AbortController>();
  private readonly running = new Map<string, Promise<void>>();

  /** @param kind "TrainingJob", "ProcessingJob": what the API's members and events are named after. */
  constructor(kind: string, surroundings: Surroundings) {
    this.kind = kind;
    this.surroundings = surroundings;
    this.records = new Records(join(surroundings.stateFolder, "registry", `${kind}s`));
  }

  /** Ends, as failed, what a local cloud that went away left unfinished. */
  settleInterrupted(): void {
    for (const job of this.records.all()) {
      if (job.status !== "InProgress" && job.status !== "Stopping") continue;
      const FailureReason = "InternalServerError: the local cloud ended while the job ran. Start it again.";
      this.update(job.name, { status: "Failed", FailureReason });
    }
  }

  /** Starts a job; `run` takes it to its end and answers how that was. */
  start(
    job: { name: string; arn: string; request: Record<string, unknown> },
    run: (folder: string, signal: AbortSignal) => Promise<Ended>,
  ): void {
    const { name, arn, request } = job;
    if (this.records.get(name) !== undefined) throw inUse(`The job ${name}`);
    const folder = join(this.surroundings.stateFolder, "jobs", name);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const stop = new AbortController();
    this.stops.set(name, stop);
    this.records.put(name, { ...request, name, arn, status: "InProgress", createdAt: this.now() });
    this.announce(name);
    this.running.set(name, this.finish(name, folder, run(folder, stop.signal)));
  }

  /** Notes progress, and sends the event of the change where the status is another one. */
  update(name: string, change: Record<string, unknown> & { status?: JobStatus }): void {
    const job = this.named(name);
    this.records.put(name, { ...job, ...change, LastModifiedTime: this.now() });
    if (change.status !== undefined && change.status !== job.status) this.announce(name);
  }

  stop(name: unknown): Record<string, never> {
    const job = this.named(name);
    const stop = this.stops.get(job.name);
    if (job.status !== "InProgress" || stop === undefined) {
      throw invalid(`The job ${job.name} is ${job.status}; only one that is InProgress can be stopped.`);
    }
    this.update(job.name, { status: "Stopping" });
    stop.abort();
    return {};
  }

  named(name: unknown): StoredJob {
    const job = typeof name === "string" ? this.records.get(name) : undefined;
    if (job === undefined) throw invalid("Requested resource not found.");
    return job;
  }

  list(input: Record<string, unknown>): { items: StoredJob[]; NextToken?: string } {
    const key = ({ name, status, createdAt }: StoredJob) => ({ name, status, createdAt });
    return page(this.records.all(), key, input, "Descending");
  }

  /** The members of Describe…, by the API's names. */
  described({ name, arn, status, createdAt, Tags: _tags, ...rest }: StoredJob): Record<string, unknown> {
    return {
      [`${this.kind}Name`]: name,
      [`${this.kind}Arn`]: arn,
      [`${this.kind}Status`]: status,
      CreationTime: createdAt,
      ...rest,
    };
  }

  /** Stops what runs, and waits for it. */
  async close(): Promise<void> {
    for (const stop of this.stops.values()) stop.abort();
    await Promise.all(this.running.values());
  }

  now(): number {
    return this.surroundings.clock.now() / 1000;
  }

  private async finish(name: string, folder: string, running: Promise<Ended>): Promise<void> {
    let ended: Ended;
    try {
      ended = await running;
    } catch (error) {
      const FailureReason = `ClientError: ${asApiError(error).message}`.slice(0, MAX_REASON);
      ended = { status: "Failed", FailureReason };
    }
    this.stops.delete(name);
    this.running.delete(name);
    // Inputs and outputs lie in S3 now; a failed job's folder stays, to be looked at.
    if (ended.status === "Completed") rmSync(folder, { recursive: true, force: true });
    this.update(name, ended);
  }

  private announce(name: string): void {
    const job = this.named(name);
    // "TrainingJob" → "SageMaker Training Job State Change"
    const kind = this.kind.replace(/([a-z])([A-Z])/, "$1 $2");
    this.surroundings.events({
      source: "aws.sagemaker",
      "detail-type": `SageMaker ${kind} State Change`,
      resources: [job.arn],
      detail: this.described(job),
    });
  }
}

/** Text of a file that a program may have left, cut to what SageMaker keeps. */
export function left(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, "utf8").trim().slice(0, MAX_REASON) : undefined;
}

/** Writes a file of a container's configuration. */
export function writeJson(path: string, value: unknown): void {
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, JSON.stringify(value));
}

/** The place in a job's folder that a path below /opt/ml stands for. */
export function below(root: string, path: string): string {
  if (!path.startsWith("/opt/ml/") || path.includes("..")) {
    throw invalid(`LocalPath is ${JSON.stringify(path)}, expected a path below /opt/ml/.`);
  }
  return join(root, path.slice("/opt/ml/".length));
}
