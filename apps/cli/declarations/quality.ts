import { quality, type QualityOptions } from "../commands/quality.ts";
import type { Context } from "../context.ts";
import { type Declaration, JSON_OPTION } from "./declaration.ts";

/** The command that holds every live model against what it is to reach. */
export function declareQuality(declaration: Declaration, context: Context): void {
  declaration
    .command(
      "quality",
      "Show the audit figures of all live models, with 95 % intervals, against their floors.",
      ["perennial quality", "perennial quality --markdown"],
    )
    .option("--floors <file>", "what the figures are to reach", "docs/quality-floors.json")
    .option("--markdown", "print the table as README.md holds it")
    .option(...JSON_OPTION)
    .action(async (options: QualityOptions) => declaration.end(await quality(context, options)));
}
