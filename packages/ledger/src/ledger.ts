import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import {
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  UpdateCommand,
} from "@aws-sdk/lib-dynamodb";
import { HistoryEntry, parse, Pointer, Trial } from "@perennial/contracts";
import { z } from "zod";
import { AdmissionState, EMPTY_ADMISSION } from "./admission-state.ts";
import type { Admission } from "./admit.ts";
import {
  admissionKey,
  type Door,
  historyKey,
  historyRange,
  holdoutKey,
  partition,
  POINTER_KEY,
  TRIAL_KEY,
} from "./keys.ts";

/** The document client that the ledger's items are written with: what is undefined isn't written. */
export function documentClient(client: DynamoDBClient): DynamoDBDocumentClient {
  return DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
}

/** Others kept writing the same item first. Nothing was written: the event can safely be handled again. */
export class LedgerContended extends Error {
  constructor(subject: string, attempts: number) {
    super(
      `${subject} was changed by others during each of ${attempts} attempts to decide on it; nothing was written. ` +
        `Send the event again, or let fewer run at once.`,
    );
    this.name = "LedgerContended";
  }
}

const Looks = z.strictObject({ executions: z.array(z.string()) });

export interface LedgerOptions {
  /**
   * How often one decision is made anew because another one was written first.
   *
   * @default 12
   */
  attempts?: number;
  /**
   * Waits after attempt number `attempt` (from 1) lost its race; a time taken by chance parts the racers.
   *
   * @default no wait
   */
  pause?: (attempt: number) => Promise<void>;
}

/** The ledger table: leases, what is live, the history, and looks at holdouts. Owner of its items' shapes. */
export class Ledger {
  private readonly client: Pick<DynamoDBDocumentClient, "send">;
  private readonly table: string;
  private readonly attempts: number;
  private readonly pause: (attempt: number) => Promise<void>;

  constructor(client: Pick<DynamoDBDocumentClient, "send">, table: string, options: LedgerOptions = {}) {
    const { attempts = 12, pause = () => Promise.resolve() } = options;
    this.client = client;
    this.table = table;
    this.attempts = attempts;
    this.pause = pause;
  }

  async readAdmission(workload: string, door: Door): Promise<AdmissionState> {
    return (await this.read(workload, admissionKey(door), AdmissionState)) ?? EMPTY_ADMISSION;
  }

  /**
   * Decides on a door's state and writes the decision on the condition that nobody wrote in between; otherwise reads and
   * decides again. A decision that leaves the state as it is writes nothing.
   *
   * @throws {LedgerContended} when others were first each time.
   */
  async decide<Decided>(
    workload: string,
    door: Door,
    decision: (state: AdmissionState) => Admission<Decided> | Promise<Admission<Decided>>,
  ): Promise<Admission<Decided>> {
    for (let attempt = 1; attempt <= this.attempts; attempt++) {
      const before = await this.readAdmission(workload, door);
      const decided = await decision(before);
      if (decided.state === before) return decided;
      const state = { ...decided.state, version: before.version + 1 };
      if (await this.writeAdmission(workload, door, state)) return { ...decided, state };
      await this.pause(attempt);
    }
    throw new LedgerContended(this.subject(workload, admissionKey(door)), this.attempts);
  }

  /** Puts `state` in place of the version before it; false if that is no longer the one that stands. */
  private async writeAdmission(workload: string, door: Door, state: AdmissionState): Promise<boolean> {
    return await this.put(
      { pk: partition(workload), sk: admissionKey(door), ...state },
      state.version === 1
        ? { ConditionExpression: "attribute_not_exists(#version)" }
        : {
            ConditionExpression: "#version = :before",
            ExpressionAttributeValues: { ":before": state.version - 1 },
          },
      { "#version": "version" },
    );
  }

  /** What is live, or null before the first rollout: then it is the program's baseline. */
  async readPointer(workload: string): Promise<Pointer | null> {
    return await this.read(workload, POINTER_KEY, Pointer);
  }

  /** The trial that is under way, or null. */
  async readTrial(workload: string): Promise<Trial | null> {
    return await this.read(workload, TRIAL_KEY, Trial);
  }

  /** Adds a line to the history. An execution has one: where it stands already, that one comes back. */
  async appendHistory(entry: HistoryEntry): Promise<{ entry: HistoryEntry; appended: boolean }> {
    const key = historyKey(entry.startedAt, entry.kind, entry.execution);
    const item = { pk: partition(entry.workload), sk: key, ...entry };
    if (await this.put(item, { ConditionExpression: "attribute_not_exists(#sk)" }, { "#sk": "sk" })) {
      return { entry, appended: true };
    }
    return { entry: (await this.read(entry.workload, key, HistoryEntry)) ?? entry, appended: false };
  }

  /** The latest lines of the history, newest first; with `at`, only of what had started by then. */
  async listHistory(workload: string, options: { limit: number; at?: string }): Promise<HistoryEntry[]> {
    const entries: HistoryEntry[] = [];
    for await (const entry of this.history(workload, options.at)) {
      if (entries.push(entry) >= options.limit) break;
    }
    return entries;
  }

  /** Which version was live at a time, with the rollout that brought it; version 0 and null before the first one. */
  async liveAt(workload: string, at: string): Promise<{ version: number; entry: HistoryEntry | null }> {
    // The fencing token lets only the later of two overlapping rollouts move the pointer, so that the order in which
    // they started is the order in which they took effect.
    for await (const entry of this.history(workload, at)) {
      const isEffective = entry.kind === "rollout" && entry.outcome === "in-service" && entry.to !== null;
      if (isEffective && Date.parse(entry.endedAt) <= Date.parse(at)) {
        return { version: entry.to ?? 0, entry };
      }
    }
    return { version: 0, entry: null };
  }

  /**
   * Counts a look at a holdout, once per execution however often it is asked.
   *
   * @returns the place of this execution's look among all looks at this holdout, from 1.
   */
  async countLook(workload: string, holdoutSha256: string, execution: string): Promise<{ number: number }> {
    const key = holdoutKey(holdoutSha256);
    try {
      await this.client.send(
        new UpdateCommand({
          TableName: this.table,
          Key: { pk: partition(workload), sk: key },
          UpdateExpression: "SET #executions = list_append(if_not_exists(#executions, :none), :this)",
          ConditionExpression: "attribute_not_exists(#executions) OR NOT contains(#executions, :execution)",
          ExpressionAttributeNames: { "#executions": "executions" },
          ExpressionAttributeValues: { ":none": [], ":this": [execution], ":execution": execution },
        }),
      );
    } catch (error) {
      if (!isConditionFailed(error)) throw error;
    }
    const looks = await this.read(workload, key, Looks);
    return { number: (looks?.executions.indexOf(execution) ?? -1) + 1 };
  }

  private async *history(workload: string, at?: string): AsyncGenerator<HistoryEntry> {
    const { first, last } = historyRange(at);
    let start: Record<string, unknown> | undefined;
    do {
      const page = await this.client.send(
        new QueryCommand({
          TableName: this.table,
          KeyConditionExpression: "pk = :pk AND sk BETWEEN :first AND :last",
          ExpressionAttributeValues: { ":pk": partition(workload), ":first": first, ":last": last },
          ScanIndexForward: false,
          ConsistentRead: true,
          ...(start === undefined ? {} : { ExclusiveStartKey: start }),
        }),
      );
      for (const item of page.Items ?? []) yield this.check(HistoryEntry, item);
      start = page.LastEvaluatedKey;
    } while (start !== undefined);
  }

  private async read<Schema extends z.ZodType>(
    workload: string,
    key: string,
    schema: Schema,
  ): Promise<z.output<Schema> | null> {
    const Key = { pk: partition(workload), sk: key };
    const { Item } = await this.client.send(
      new GetCommand({ TableName: this.table, Key, ConsistentRead: true }),
    );
    return Item === undefined ? null : this.check(schema, Item);
  }

  /** An item that isn't of its shape was written by somebody else, or by another version of this program. */
  private check<Schema extends z.ZodType>(schema: Schema, item: Record<string, unknown>): z.output<Schema> {
    const { pk, sk, ...content } = item;
    return parse(schema, content, `ledger item ${String(pk)} / ${String(sk)} in table ${this.table}`);
  }

  private async put(
    item: Record<string, unknown>,
    condition: Pick<PutCommand["input"], "ConditionExpression" | "ExpressionAttributeValues">,
    names: Record<string, string>,
  ): Promise<boolean> {
    try {
      await this.client.send(
        new PutCommand({ TableName: this.table, Item: item, ...condition, ExpressionAttributeNames: names }),
      );
      return true;
    } catch (error) {
      if (isConditionFailed(error)) return false;
      throw error;
    }
  }

  private subject(workload: string, key: string): string {
    return `ledger item ${partition(workload)} / ${key} in table ${this.table}`;
  }
}

const isConditionFailed = (error: unknown): boolean =>
  error instanceof Error && error.name === "ConditionalCheckFailedException";
