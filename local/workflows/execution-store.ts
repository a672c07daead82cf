import { mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Outcome } from "./execution.ts";
import type { HistoryEvent } from "./history.ts";

/** An execution as it is kept on disk. */
export interface ExecutionRecord {
  executionArn: string;
  stateMachineArn: string;
  name: string;
  /** JSON text, as it was given. */
  input: string;
  status: Outcome["status"] | "RUNNING";
  /** Milliseconds since 1970. */
  startedAt: number;
  stoppedAt: number | null;
  output: string | null;
  error: string | null;
  cause: string | null;
  history: HistoryEvent[];
}

/** Executions, one file each, so that they survive the process. */
export class ExecutionStore {
  private readonly folder: string;
  private readonly records = new Map<string, ExecutionRecord>();

  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true });
    for (const file of readdirSync(folder).filter((name) => name.endsWith(".json"))) {
      const record = JSON.parse(readFileSync(join(folder, file), "utf8")) as ExecutionRecord;
      this.records.set(record.executionArn, record);
    }
  }

  get(arn: string): ExecutionRecord | undefined {
    return this.records.get(arn);
  }

  /** Newest first. */
  all(): ExecutionRecord[] {
    return [...this.records.values()].toSorted((one, other) => other.startedAt - one.startedAt);
  }

  save(record: ExecutionRecord): void {
    this.records.set(record.executionArn, record);
    const [, , , , , , machine, name] = record.executionArn.split(":");
    const path = join(this.folder, `${machine}--${name}.json`);
    writeFileSync(`${path}.part`, JSON.stringify(record));
    renameSync(`${path}.part`, path);
  }
}
