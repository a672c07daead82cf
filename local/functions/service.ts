import { randomUUID } from "node:crypto";
import type { CloudClock } from "../clock.ts";
import type { ApiCall, Gateway, LogSink, MetricSink } from "../gateway/interfaces.ts";
import { queueUrl } from "../events/bus.ts";
import {
  type AsyncConfig,
  contextOf,
  environmentOf,
  LATEST,
  LOG_STREAM,
  type FunctionDefinition,
} from "./definition.ts";
import { operate } from "./operations.ts";
import { describe, failureRecord } from "./failure-record.ts";
import { mustPermit, type Permission } from "./permission.ts";
import { type Alias, dimensionsOf, notFound, partsOf, Releases } from "./releases.ts";
import { Sandbox, type Answer } from "./sandbox.ts";
import { SandboxPool } from "./sandbox-pool.ts";

export interface FunctionSurroundings {
  clock: CloudClock;
  call: Gateway["call"];
  credentialsFor: Gateway["credentialsFor"];
  /** Address of the gateway, known once it listens. */
  endpoint: () => string;
  region: string;
  log: LogSink;
  metric: MetricSink;
  /** The cloud's time, as `SharedTime` keeps it. */
  time: SharedArrayBuffer;
  warn: (message: string) => void;
  /** Folder of published versions and aliases; without one they end with the process. */
  folder?: string;
  /** What chance gives, from 0 to 1: which version an alias leads to. */
  random?: () => number;
}

interface Entry {
  definition: FunctionDefinition;
  /** `$LATEST`, or the number that it was published under. */
  version: string;
  permissions: Permission[];
  async: AsyncConfig;
  pool: SandboxPool;
}

/** Lambda: the program's functions, run in workers as their roles. */
export class Functions {
  private readonly around: FunctionSurroundings;
  /** By name, and by name and version where it was published. */
  private readonly entries = new Map<string, Entry>();
  readonly releases: Releases;
  private readonly sandboxes = new Set<Sandbox>();
  private isClosed = false;

  constructor(around: FunctionSurroundings) {
    this.around = around;
    this.releases = new Releases(around.folder);
  }

  /** Creates a function, with the versions that an earlier run published. */
  create(definition: FunctionDefinition): void {
    const { name } = definition;
    this.entries.set(name, this.entryOf(definition, LATEST));
    for (const [version, release] of this.releases.versions(name)) {
      this.entries.set(`${name}:${version}`, this.entryOf({ ...definition, ...release }, version));
    }
  }

  permit(functionName: string, permission: Permission): void {
    this.find(functionName).permissions.push(permission);
  }

  configureAsync(functionName: string, config: AsyncConfig): void {
    this.find(functionName).async = config;
  }

  /** Starts a sandbox of a function before it is asked for, so that the first call finds it warm. */
  warm(functionName: string): void {
    this.find(functionName).pool.warm();
  }

  /**
   * Accepts an event from a service, if the function's policy lets that service call it; it is handled after the return.
   *
   * @throws {ApiError} AccessDenied.
   */
  async accept(functionArn: string, payload: string, principal: string, sourceArn: string): Promise<void> {
    const entry = this.find(functionArn);
    mustPermit(entry.definition.name, entry.permissions, principal, sourceArn);
    this.handleLater(entry, payload);
  }

  /**
   * Runs a function once for a service that waits for its answer, if the function's policy lets that service call it.
   *
   * @throws {ApiError} AccessDenied.
   */
  async invokeFor(
    functionArn: string,
    payload: string,
    principal: string,
    sourceArn: string,
  ): Promise<Answer> {
    const entry = this.find(functionArn);
    mustPermit(entry.definition.name, entry.permissions, principal, sourceArn);
    return await this.run(entry, payload);
  }

  /** ARN of the role that a function runs as. */
  roleOf(functionArn: string): string {
    return this.find(functionArn).definition.roleArn;
  }

  /** Runs a function once and waits for its answer. */
  async invoke(functionArn: string, payload: string): Promise<Answer> {
    return await this.run(this.find(functionArn), payload);
  }

  readonly handle = async (call: ApiCall): Promise<unknown> => await operate(this, call);

  /** Runs what a qualifier leads to: a version, an alias, or `$LATEST` without one. */
  async invokeQualified(name: unknown, qualifier: unknown, payload: string) {
    const { entry, alias } = this.chosen(name, qualifier);
    return { answer: await this.run(entry, payload, alias), version: entry.version };
  }

  /** As `invokeQualified`, after the return. */
  invokeLater(name: unknown, qualifier: unknown, payload: string): void {
    this.handleLater(this.chosen(name, qualifier).entry, payload);
  }

  /** What a qualifier leads to, and under which version. */
  definitionOf(name: unknown, qualifier?: unknown): { definition: FunctionDefinition; version: string } {
    return this.chosen(name, qualifier).entry;
  }

  list(): FunctionDefinition[] {
    return [...this.entries.values()]
      .filter(({ version }) => version === LATEST)
      .map(({ definition }) => definition);
  }

  /** Changes `$LATEST`; sandboxes of what it was answer nothing more. */
  async configure(name: unknown, environment: Record<string, string>): Promise<void> {
    const entry = this.find(name);
    entry.definition = { ...entry.definition, environment };
    await entry.pool.drain();
  }

  /** Keeps `$LATEST` as it is under a number of its own, or under its last one where nothing has changed since. */
  publish(name: unknown): { definition: FunctionDefinition; version: string } {
    const { definition } = this.find(name);
    const last = this.entries.get(`${definition.name}:${this.releases.last(definition.name)}`);
    if (last?.definition === definition) return last;
    const { environment, folder } = definition;
    const version = this.releases.publish(definition.name, { environment, folder });
    const entry = this.entryOf(definition, version);
    this.entries.set(`${definition.name}:${version}`, entry);
    return entry;
  }

  /** The published versions, the oldest first. */
  versions(name: unknown): { definition: FunctionDefinition; version: string }[] {
    const { definition } = this.find(name);
    return this.releases
      .versions(definition.name)
      .map(([version]) => this.chosen(definition.name, version).entry);
  }

  /** @throws {ApiError} where there is no such version, or an alias leads to it. */
  async deleteVersion(name: unknown, version: string): Promise<void> {
    const { definition, pool } = this.chosen(name, version).entry;
    this.releases.drop(definition.name, version);
    this.entries.delete(`${definition.name}:${version}`);
    await pool.drain();
  }

  putAlias(name: unknown, alias: string, to: Alias): void {
    const { definition } = this.find(name);
    for (const version of [to.version, ...Object.keys(to.weights)]) this.chosen(definition.name, version);
    this.releases.put(definition.name, alias, to);
  }

  alias(name: unknown, alias: string): Alias {
    const { definition } = this.find(name);
    return this.releases.get(definition.name, alias);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await Promise.all([...this.sandboxes].map((sandbox) => sandbox.close()));
  }

  /** An asynchronous call: retried after one minute and after two more, then handed to the failure destination. */
  private handleLater(entry: Entry, payload: string): void {
    const { clock, warn } = this.around;
    const work = async (): Promise<void> => {
      const { name } = entry.definition;
      for (let attempt = 0; ; attempt++) {
        const answer = await clock.during(this.run(entry, payload));
        if (answer.error !== true || this.isClosed) return;
        warn(`${name} failed: ${describe(answer.payload)}`);
        if (attempt >= entry.async.maximumRetryAttempts) {
          await clock.during(this.bury(entry, payload, answer, attempt + 1));
          return;
        }
        await clock.sleep(clock.patience((attempt + 1) * 60_000));
      }
    };
    work().catch((error: unknown) => warn(`${entry.definition.name}: ${(error as Error).message}`));
  }

  /** Sends what failed for good to the destination, as the function's role: that is whose permission Lambda uses. */
  private async bury(entry: Entry, payload: string, answer: Answer, count: number): Promise<void> {
    const { definition, async } = entry;
    if (async.onFailureArn === null) return;
    const record = failureRecord(definition, payload, answer, count, new Date(this.around.clock.now()));
    const QueueUrl = queueUrl(async.onFailureArn);
    await this.around.call(definition.roleArn, "sqs", "SendMessage", {
      QueueUrl,
      MessageBody: JSON.stringify(record),
    });
  }

  private async run(entry: Entry, payload: string, alias?: string): Promise<Answer> {
    const { definition, version } = entry;
    const metric = (name: string, value: number): void => {
      for (const dimensions of dimensionsOf(definition.name, version, alias)) {
        this.around.metric({ namespace: "AWS/Lambda", name, dimensions, value });
      }
    };
    const sandbox = await entry.pool.take();
    const started = performance.now();
    let answer: Answer;
    try {
      const context = contextOf(definition, version, randomUUID());
      const deadline = Date.now() + definition.timeoutSeconds * 1000;
      answer = await sandbox.invoke({ event: payload, context, deadline }, definition.timeoutSeconds);
    } finally {
      entry.pool.give(sandbox);
      if (sandbox.isDead) this.sandboxes.delete(sandbox);
    }
    metric("Invocations", 1);
    metric("Errors", answer.error === true ? 1 : 0);
    metric("Duration", performance.now() - started);
    return answer;
  }

  private entryOf(definition: FunctionDefinition, version: string): Entry {
    const entry: Entry = {
      definition,
      version,
      permissions: [],
      async: { maximumRetryAttempts: 2, onFailureArn: null },
      // What it is by then: `$LATEST` changes.
      pool: new SandboxPool(() => this.open(entry.definition, version)),
    };
    return entry;
  }

  private open(definition: FunctionDefinition, version: string): Sandbox {
    const { around } = this;
    const credentials = around.credentialsFor(definition.roleName);
    const sandbox = new Sandbox({
      folder: definition.folder,
      handler: definition.handler,
      time: around.time,
      memoryMiB: definition.memoryMiB,
      onLine: (line) => around.log(definition.logGroup, LOG_STREAM, line),
      environment: environmentOf(definition, version, around.region, around.endpoint(), credentials),
    });
    this.sandboxes.add(sandbox);
    return sandbox;
  }

  private find(nameOrArn: unknown): Entry {
    const entry = this.entries.get(partsOf(nameOrArn).name);
    if (entry === undefined) throw notFound(nameOrArn);
    return entry;
  }

  /** The version that a name with its qualifier leads to: of an alias with weights, one by chance. */
  private chosen(nameOrArn: unknown, given: unknown): { entry: Entry; alias: string | undefined } {
    const { name, qualifier = typeof given === "string" ? given : LATEST } = partsOf(nameOrArn);
    const latest = this.find(name);
    if (qualifier === LATEST) return { entry: latest, alias: undefined };
    const isAlias = !/^\d+$/.test(qualifier);
    const version = isAlias
      ? this.releases.choose(name, qualifier, (this.around.random ?? Math.random)())
      : qualifier;
    const entry = this.entries.get(`${name}:${version}`);
    if (entry === undefined) throw notFound(`${latest.definition.arn}:${qualifier}`);
    return { entry, alias: isAlias ? qualifier : undefined };
  }
}
