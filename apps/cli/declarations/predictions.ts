import { batch, type BatchOptions } from "../commands/batch.ts";
import { predict, type PredictOptions } from "../commands/predict.ts";
import type { Context } from "../context.ts";
import { type Declaration, JSON_OPTION } from "./declaration.ts";

/** Commands that ask models for predictions. */
export function declarePredictions(declaration: Declaration, context: Context): void {
  declaration
    .command("predict <workload>", "Send records to the workload's endpoint.", [
      "perennial predict churn --record patient.json",
      "head -3 encounters.csv | perennial predict churn --record -",
    ])
    .requiredOption(
      "--record <file>",
      "records as JSON, JSON Lines or CSV, by extension or content; - is standard input",
    )
    .option(...JSON_OPTION)
    .action(async (workload: string, options: PredictOptions) =>
      declaration.end(await predict(context, workload, options)),
    );

  declaration
    .command(
      "batch <workload>",
      "Score a file with the live model, each record with its prediction behind it.",
      [
        "perennial batch churn --input customers.csv --output scored.csv",
        "perennial batch churn --input rows.jsonl.gz --output scored.jsonl.gz --keep customer_id,region",
        "perennial batch churn --on sagemaker --input s3://lake/batch/churn/rows.jsonl --output s3://lake/batch/churn/scored/",
      ],
    )
    .requiredOption("--input <file>", "records as .csv or .jsonl, with .gz behind it where it is compressed")
    .requiredOption(
      "--output <file>",
      "the same kind of file; what can't be scored goes to <output>.errors.jsonl, and a run that was interrupted goes on",
    )
    .option("--keep <columns>", "columns that are carried along and not read, separated by commas", "")
    .option("--workers <number>", "threads that score; otherwise one for each core")
    .option("--on <where>", "here, or sagemaker: a batch transform job over JSON Lines in S3", "here")
    .option("--restart", "begin anew, whatever an earlier run left")
    .option(...JSON_OPTION)
    .action(async (workload: string, options: BatchOptions) =>
      declaration.end(await batch(context, workload, options)),
    );
}
