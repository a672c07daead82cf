import { RecentStates } from "@perennial/online";
import type { Connection, Context } from "../context.ts";
import { CliFault, EXIT } from "../exit.ts";
import type { PlatformWorkload } from "../workload.ts";
import { addTally, emptyTally } from "./appended.ts";
import type { ScoredBlock } from "./block-scorer.ts";
import { type FileFormat, formatOf } from "./formats.ts";
import { Input, readHeader } from "./input.ts";
import { download, liveModel } from "./live-artifact.ts";
import { openModel } from "./open-model.ts";
import { OutputFile } from "./output-file.ts";
import { type Block, ScoringPool } from "./pool.ts";
import { type Progress, readProgress, removeProgress, writeProgress } from "./progress.ts";

export interface BatchFiles {
  input: string;
  output: string;
  /** Columns that are carried along and not read. */
  kept: readonly string[];
  workers: number;
}

export interface BatchRun {
  progress: Progress;
  /** Whether the whole file is done. */
  isComplete: boolean;
  errors: string;
}

/** Progress is noted this often, and shown. */
const NOTED_EVERY_MS = 2_000;
/** States that are remembered for a run. */
const REMEMBERED = 200_000;

/**
 * Scores a file with a workload's live model and writes each record with its prediction, in the order of the input. What
 * can't be scored goes to `<output>.errors.jsonl`. A run that was interrupted is gone on with, and ends in the same bytes.
 */
export async function runBatch(
  context: Context,
  connection: Connection,
  workload: PlatformWorkload,
  files: BatchFiles,
): Promise<BatchRun> {
  const { input, output } = files;
  const format = sameFormat(input, output);
  const known = await readProgress(output);
  const progress = known ?? (await begin(context, connection, workload, files));
  if (progress.workload !== workload.name || progress.kept.join() !== files.kept.join()) {
    throw new CliFault(EXIT.usage, `${output} was begun by another command: start anew with --restart.`);
  }
  const artifact = await download(connection, progress.model);
  const names = format.kind === "csv" ? await readHeader(input, format) : [];
  await checkHeader(artifact, names, files);
  const pool = new ScoringPool(
    files.workers,
    {
      artifact,
      format: format.kind,
      isCompressed: formatOf(output).isCompressed,
      names,
      kept: files.kept,
      nowMs: progress.startedAt,
    },
    new RecentStates(connection.online(workload.name), {
      size: REMEMBERED,
      // One state an entity for the whole run: predictions of one file rest on the same ones.
      ttlMs: Infinity,
      nowMs: () => 0,
    }),
  );
  const errors = `${output}.errors.jsonl`;
  const written = await OutputFile.open(output, progress.outputBytes);
  const told = await OutputFile.open(errors, progress.errorsBytes);
  try {
    const isComplete = await scoreAll(context, {
      pool,
      input: new Input(input, format),
      written,
      told,
      progress,
      output,
    });
    if (isComplete) await removeProgress(output);
    return { progress, isComplete, errors };
  } finally {
    await Promise.all([pool.close(), written.close(), told.close()]);
  }
}

async function begin(
  { clock }: Context,
  connection: Connection,
  workload: PlatformWorkload,
  { kept }: BatchFiles,
): Promise<Progress> {
  return {
    format: 1,
    workload: workload.name,
    model: await liveModel(connection, workload),
    kept: [...kept],
    startedAt: clock.now().getTime(),
    offset: 0,
    sha256: "",
    lines: 0,
    outputBytes: 0,
    errorsBytes: 0,
    refused: 0,
    refusedByField: {},
    tally: emptyTally(),
  };
}

interface Scoring {
  pool: ScoringPool;
  input: Input;
  written: OutputFile;
  told: OutputFile;
  progress: Progress;
  output: string;
}

/** Whether all blocks were scored; false where it was interrupted, which the progress tells. */
async function scoreAll({ clock, interrupted, terminal }: Context, scoring: Scoring): Promise<boolean> {
  const { pool, input, progress } = scoring;
  const started = clock.now().getTime();
  const before = progress.tally.scored + progress.refused;
  let notedAt = started;
  let isStopped = false;
  const blocks = async function* (): AsyncGenerator<Block & { source: Uint8Array }> {
    let isFirst = progress.offset === 0;
    for await (const bytes of input.blocks(progress.offset, progress.sha256)) {
      if (interrupted.aborted) {
        isStopped = true;
        return;
      }
      // The bytes go over to a worker; the copy is hashed once their block is written.
      yield { bytes, source: bytes.slice(), isFirst };
      isFirst = false;
    }
  };
  for await (const { sent, scored } of pool.score(blocks())) {
    await write(scoring, sent.source, scored);
    const now = clock.now().getTime();
    if (now - notedAt < NOTED_EVERY_MS) continue;
    notedAt = now;
    await note(scoring);
    const records = progress.tally.scored + progress.refused;
    const rate = Math.round(((records - before) / (now - started)) * 1_000);
    if (terminal.isInteractive) {
      terminal.err(
        `\r\u001B[2K${records.toLocaleString("en")} records, ${rate.toLocaleString("en")} a second`,
      );
    }
  }
  if (terminal.isInteractive) terminal.err("\r\u001B[2K");
  if (isStopped) await note(scoring);
  return !isStopped;
}

async function write(
  { input, written, told, progress }: Scoring,
  source: Uint8Array,
  block: ScoredBlock,
): Promise<void> {
  const lines = block.refused.map(({ place, faults }) => {
    for (const { field } of faults) {
      const name = field ?? "(record)";
      progress.refusedByField[name] = (progress.refusedByField[name] ?? 0) + 1;
    }
    return `${JSON.stringify({ line: progress.lines + place + 1, faults })}\n`;
  });
  await written.append(block.output);
  await told.append(Buffer.from(lines.join("")));
  input.take(source);
  progress.offset += source.byteLength;
  progress.lines += block.lines;
  progress.refused += block.refused.length;
  progress.outputBytes = written.bytes;
  progress.errorsBytes = told.bytes;
  addTally(progress.tally, block.tally);
}

async function note({ input, progress, output }: Scoring): Promise<void> {
  progress.sha256 = input.sha256;
  await writeProgress(output, progress);
}

function sameFormat(input: string, output: string): FileFormat {
  const [from, to] = [formatOf(input), formatOf(output)];
  if (from.kind === to.kind) return from;
  throw new CliFault(
    EXIT.usage,
    `${input} is ${from.kind} and ${output} ${to.kind}: records are kept as they stand, so both have to be the same.`,
  );
}

/** A column that the model doesn't know is told once, before anything is scored. */
async function checkHeader(
  artifact: Uint8Array,
  names: readonly string[],
  { input, kept }: BatchFiles,
): Promise<void> {
  const model = await openModel(artifact, kept);
  const faults = names.flatMap((name, place) => {
    const fault = names.indexOf(name) === place ? model.unknownField(name) : "stands twice in the header";
    return fault === undefined ? [] : [`  ${name}: ${fault}`];
  });
  await model.close();
  if (faults.length === 0) return;
  const advice = "Columns that are to be carried along and not read can be named with --keep.";
  throw new CliFault(
    EXIT.usage,
    [`${input} has columns that the model doesn't read:`, ...faults, advice].join("\n"),
  );
}
