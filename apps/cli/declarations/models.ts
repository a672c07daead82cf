import { compareModels, type ModelsCompareOptions } from "../commands/models/compare.ts";
import { approveModel, type DecideOptions, rejectModel } from "../commands/models/decide.ts";
import { listModels, type ModelsListOptions } from "../commands/models/list.ts";
import { type ModelsShowOptions, showModel } from "../commands/models/show.ts";
import type { Context } from "../context.ts";
import { MODEL_HELP } from "../model-reference.ts";
import { type Declaration, JSON_OPTION } from "./declaration.ts";

/** Commands about the registry: what there is, how good it is, and a person's decision. */
export function declareModels(declaration: Declaration, context: Context): void {
  const models = declaration.group("models", "List, show, compare, approve and reject registered versions.");

  models
    .command(
      "list [workload]",
      "List the versions in the registry, newest first, with their audit figures.",
      ["perennial models list", "perennial models list churn --limit 5 --json"],
    )
    .option("--limit <number>", "most versions of a workload", "20")
    .option(...JSON_OPTION)
    .action(async (workload: string | undefined, options: ModelsListOptions) =>
      declaration.end(await listModels(context, workload, options)),
    );

  models
    .command("show", "Show a version: approval, figures with intervals, slices, lineage, card.", [
      "perennial models show churn:3",
      "perennial models show churn",
    ])
    .argument("<model>", MODEL_HELP)
    .option(...JSON_OPTION)
    .action(async (model: string, options: ModelsShowOptions) =>
      declaration.end(await showModel(context, model, options)),
    );

  models
    .command("compare", "Show the audit figures of two versions side by side.", [
      "perennial models compare churn:3 churn:4",
      "perennial models compare churn:3 churn-early:2 --json",
    ])
    .argument("<one>", MODEL_HELP)
    .argument("<other>", "as the first one")
    .option(...JSON_OPTION)
    .action(async (one: string, other: string, options: ModelsCompareOptions) =>
      declaration.end(await compareModels(context, [one, other], options)),
    );

  models
    .command("approve", "Approve a version that the gate found better; its rollout starts by itself.", [
      'perennial models approve churn:4 --reason "slices looked at with the clinicians"',
    ])
    .argument("<model>", MODEL_HELP)
    .requiredOption("--reason <text>", "why, for the registry")
    .option(...JSON_OPTION)
    .action(async (model: string, options: DecideOptions) =>
      declaration.end(await approveModel(context, model, options)),
    );

  models
    .command("reject", "Reject a version that isn't live.", [
      'perennial models reject churn:4 --reason "trained before the code change of June"',
    ])
    .argument("<model>", MODEL_HELP)
    .requiredOption("--reason <text>", "why, for the registry")
    .option(...JSON_OPTION)
    .action(async (model: string, options: DecideOptions) =>
      declaration.end(await rejectModel(context, model, options)),
    );
}
