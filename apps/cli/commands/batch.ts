import { access, rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { removeProgress, readProgress } from "../batch/progress.ts";
import { type BatchRun, runBatch } from "../batch/run.ts";
import { transform } from "../batch/transform.ts";
import type { Context, Where } from "../context.ts";
import { CliFault, EXIT, type ExitCode } from "../exit.ts";
import { table } from "../output/layout.ts";
import { modelName, span } from "../output/phrases.ts";
import type { Terminal } from "../output/terminal.ts";
import { findWorkload } from "../workload.ts";

export interface BatchOptions extends Where {
  input: string;
  output: string;
  keep: string;
  workers?: string;
  on: string;
  restart?: boolean;
  json?: boolean;
}

/** Scores a file and says what came of it. */
export async function batch(context: Context, name: string, options: BatchOptions): Promise<ExitCode> {
  const { input, output } = options;
  if (options.on !== "here" && options.on !== "sagemaker") {
    throw new CliFault(EXIT.usage, `--on is ${JSON.stringify(options.on)}, expected here or sagemaker.`);
  }
  if (options.on === "sagemaker") return await onSageMaker(context, name, options);
  const workers = readWorkers(options.workers);
  const kept = options.keep.split(",").flatMap((column) => (column.trim() === "" ? [] : [column.trim()]));
  await makeRoom(output, options.restart === true);
  const connection = await context.connect(options);
  const workload = findWorkload(connection.platform, name);
  const started = context.clock.now().getTime();
  const run = await runBatch(context, connection, workload, { input, output, kept, workers });
  const ms = context.clock.now().getTime() - started;
  const { terminal } = context;
  const summary = summaryOf(run, options, ms);
  if (options.json) terminal.out(`${JSON.stringify(summary)}\n`);
  else for (const line of summaryLines(summary, terminal)) terminal.out(`${line}\n`);
  // A file of which nothing could be scored is no success, however well that is told.
  return run.isComplete && (summary.scored > 0 || summary.refused === 0) ? EXIT.ok : EXIT.failed;
}

async function onSageMaker(context: Context, name: string, options: BatchOptions): Promise<ExitCode> {
  const connection = await context.connect(options);
  const workload = findWorkload(connection.platform, name);
  const { input, output } = options;
  const { job, status, reason } = await transform(context, connection, workload, { input, output });
  const { terminal } = context;
  const because = reason === null ? "" : `: ${reason}`;
  const end =
    status === "InProgress" ? `${job} goes on without you.` : `${job} ended as ${status}${because}.`;
  const document = { workload: name, job, status, reason, input, output };
  terminal.out(options.json === true ? `${JSON.stringify(document)}\n` : `${end}\n`);
  return status === "Completed" || status === "InProgress" ? EXIT.ok : EXIT.failed;
}

function readWorkers(text: string | undefined): number {
  if (text === undefined) return availableParallelism();
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= 64) return number;
  throw new CliFault(
    EXIT.usage,
    `--workers is ${JSON.stringify(text)}, expected a whole number from 1 to 64.`,
  );
}

/** A file that is there was made by someone: it is gone on with where a run left it so, and never overwritten unasked. */
async function makeRoom(output: string, isRestart: boolean): Promise<void> {
  if (isRestart) {
    await removeProgress(output);
    await rm(output, { force: true });
    return;
  }
  const isThere = await access(output).then(
    () => true,
    () => false,
  );
  if (isThere && (await readProgress(output)) === null) {
    throw new CliFault(EXIT.usage, `${output} is there already: name another file, or give --restart.`);
  }
}

function summaryOf({ progress, isComplete, errors }: BatchRun, { input, output }: BatchOptions, ms: number) {
  const { model, tally, refused, refusedByField, workload } = progress;
  return {
    workload,
    version: model.version,
    modelDataUrl: model.modelDataUrl,
    input,
    output,
    isComplete,
    records: tally.scored + refused,
    scored: tally.scored,
    refused,
    errors: refused === 0 ? null : errors,
    refusedByField,
    /** Mean of the first output over what was scored: the probability of the outcome or of the first class, or the estimate. */
    mean: tally.scored === 0 ? null : tally.sum / tally.scored,
    decided: tally.decided,
    seconds: ms / 1_000,
  };
}

const SHOWN_FIELDS = 5;

function summaryLines(
  summary: ReturnType<typeof summaryOf>,
  { width, paint }: Pick<Terminal, "width" | "paint">,
): string[] {
  const { workload, version, records, scored, refused, errors, refusedByField, mean, decided, seconds } =
    summary;
  const count = (rows: number): string => rows.toLocaleString("en");
  const worst = Object.entries(refusedByField)
    .toSorted(([, one], [, other]) => other - one)
    .slice(0, SHOWN_FIELDS)
    .map(([field, faults]) => `${field} ${count(faults)}`);
  const head = summary.isComplete
    ? `${workload}, ${modelName(version)}: ${summary.input} is scored.`
    : `${workload}, ${modelName(version)}: stopped. The same command goes on from here.`;
  return [
    paint("bold", head),
    ...table(
      [
        ["records", `${count(records)} in ${span(seconds * 1_000)}`],
        ["scored", `${count(scored)}, in ${summary.output}`],
        ...(errors === null
          ? []
          : [["refused", `${count(refused)}, with reasons in ${errors}: ${worst.join(", ")}`]]),
        ...(mean === null ? [] : [["mean", mean.toFixed(4)]]),
        ...Object.entries(decided)
          .toSorted(([one], [other]) => one.localeCompare(other))
          .map(([name, rows]) => [name, `${count(rows)} (${((rows / scored) * 100).toFixed(1)} %)`]),
      ],
      width,
    ),
  ];
}
