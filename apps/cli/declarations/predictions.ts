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
}
