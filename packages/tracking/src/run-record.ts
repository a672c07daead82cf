import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import {
  InvalidInput,
  parse,
  RUN_RECORD,
  RUN_RECORD_MAX_MIB,
  RunMetric,
  RunSummary,
  RunTrial,
} from "@perennial/contracts";
import { extract } from "tar-stream";
import type { z } from "zod";

const inflate = promisify(gunzip);
const PLOT = /^plots\/[a-z0-9]+(-[a-z0-9]+)*\.png$/;

/** What a training told about itself, checked. */
export interface RunRecord {
  summary: RunSummary;
  metrics: RunMetric[];
  trials: RunTrial[];
  /** Bytes of each plot by its path, `plots/<name>.png`. */
  plots: Map<string, Buffer>;
}

/**
 * Reads the run record in a training job's `output.tar.gz`. Whatever else lies in it is left alone.
 *
 * @param subject names the archive in errors.
 * @throws {InvalidInput} for an archive that is broken or too large, and for files that aren't of their contracts.
 */
export async function readRunRecord(archive: Uint8Array, subject: string): Promise<RunRecord> {
  const files = await unpack(archive, subject);
  const text = (name: string): string | undefined => files.get(name)?.toString("utf8");
  const lines = <Schema extends z.ZodType>(name: string, schema: Schema): z.output<Schema>[] =>
    (text(name) ?? "")
      .split("\n")
      .flatMap((line, index) =>
        line.trim() === "" ? [] : [read(schema, line, `${subject}: line ${index + 1} of ${name}`)],
      );
  const summary = text(RUN_RECORD.summary);
  if (summary === undefined) throw fault(subject, RUN_RECORD.summary, "given no such file; expected one");
  return {
    summary: read(RunSummary, summary, `${subject}: ${RUN_RECORD.summary}`),
    metrics: lines(RUN_RECORD.metrics, RunMetric),
    trials: lines(RUN_RECORD.trials, RunTrial),
    plots: new Map([...files].filter(([name]) => PLOT.test(name))),
  };
}

async function unpack(archive: Uint8Array, subject: string): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  try {
    const entries = extract();
    entries.end(await inflate(archive, { maxOutputLength: RUN_RECORD_MAX_MIB * 2 ** 20 }));
    for await (const entry of entries) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of entry) chunks.push(chunk as Uint8Array);
      const name = entry.header.name.replace(/^(\.\/)+/, "");
      if (entry.header.type === "file") files.set(name, Buffer.concat(chunks));
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw fault(
      subject,
      "",
      `given ${archive.byteLength} bytes (${reason}); expected a tar.gz of at most ${RUN_RECORD_MAX_MIB} MiB`,
    );
  }
  return files;
}

function read<Schema extends z.ZodType>(schema: Schema, text: string, subject: string): z.output<Schema> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw fault(subject, "", `given ${JSON.stringify(text.slice(0, 80))}; expected JSON`);
  }
  return parse(schema, value, subject);
}

const fault = (subject: string, path: string, message: string) =>
  new InvalidInput(subject, [{ path, message }]);
