import { dataGate, type DataGateOptions } from "../commands/data-gate.ts";
import { freeze, type FreezeOptions, unfreeze } from "../commands/freeze.ts";
import { history, type HistoryOptions } from "../commands/history.ts";
import { promote, rollBack, type MoveOptions, type RollbackOptions } from "../commands/move.ts";
import { logs, type LogsOptions } from "../commands/logs.ts";
import { retrain, type RetrainOptions } from "../commands/retrain.ts";
import { status, type StatusOptions } from "../commands/status.ts";
import { up, type UpOptions } from "../commands/up.ts";
import { why, type WhyOptions } from "../commands/why.ts";
import type { Context } from "../context.ts";
import { type Declaration, JSON_OPTION } from "./declaration.ts";

/** Commands by which the platform is run: start, ask, see, understand. */
export function declareOperations(declaration: Declaration, context: Context): void {
  declaration
    .command("up", "Start the local cloud and keep it up until Ctrl-C.", [
      "perennial up",
      "perennial up --once --workloads churn",
    ])
    .option("--once", "run the whole loop once, print a JSON summary as the last line, and stop")
    .option("--workloads <names>", "only these, separated by commas")
    .option("--port <number>", "port of the gateway on 127.0.0.1")
    .option("--json", "the last line of --once is JSON in any case")
    .action(async (options: UpOptions) => declaration.end(await up(context, options)));

  declaration
    .command("retrain <workload>", "Ask for a retraining and follow it, and the rollout that comes of it.", [
      "perennial retrain churn",
      'perennial retrain churn --reason "new data of March" --no-follow --stack prod',
      "perennial retrain churn --search",
      "perennial retrain churn --version 3 --no-search",
    ])
    .option("--reason <text>", "why, for the history", "asked for on the command line")
    .option("--search", "search for better hyperparameters, whatever the spec says")
    .option("--no-search", "don't search for them")
    .option("--snapshot <sha>", "train from this snapshot of the data; its first digits will do")
    .option("--version <number>", "train from the snapshot that this version was made from")
    .option("--no-follow", "return as soon as the request is on its way")
    .option(...JSON_OPTION)
    .action(async (workload: string, options: RetrainOptions) =>
      declaration.end(await retrain(context, workload, options)),
    );

  declaration
    .command("rollback <workload>", "Go back to a version that was in service, and follow its rollout.", [
      'perennial rollback churn --reason "complaints from the ward"',
      "perennial rollback churn --to 3",
    ])
    .option("--to <version>", "version to go back to; otherwise the one that was in service before")
    .option("--reason <text>", "why, for the history", "asked for on the command line")
    .option("--no-follow", "return as soon as the request is on its way")
    .option(...JSON_OPTION)
    .action(async (workload: string, options: RollbackOptions) =>
      declaration.end(await rollBack(context, workload, options)),
    );

  declaration
    .command("promote <model>", "Put an approved version in service, and follow its rollout.", [
      "perennial promote churn:4",
      'perennial promote churn:4 --reason "agreed on Tuesday" --no-follow --stack prod',
    ])
    .option("--reason <text>", "why, for the history", "asked for on the command line")
    .option("--no-follow", "return as soon as the request is on its way")
    .option(...JSON_OPTION)
    .action(async (model: string, options: MoveOptions) =>
      declaration.end(await promote(context, model, options)),
    );

  declaration
    .command("freeze <workload>", "Hold back every retraining and rollout but a rollback, for some days.", [
      'perennial freeze churn --reason "audit until Friday" --days 5',
    ])
    .option("--days <number>", "when it ends by itself, 1 to 365 days from now", "14")
    .option("--reason <text>", "why, for the history", "asked for on the command line")
    .option(...JSON_OPTION)
    .action(async (workload: string, options: FreezeOptions & { days: string }) =>
      declaration.end(await freeze(context, workload, options)),
    );

  declaration
    .command("unfreeze <workload>", "End a freeze: what was held back goes on.", ["perennial unfreeze churn"])
    .option("--reason <text>", "why, for the history", "asked for on the command line")
    .option(...JSON_OPTION)
    .action(async (workload: string, options: FreezeOptions) =>
      declaration.end(await unfreeze(context, workload, options)),
    );

  declaration
    .command(
      "status [workload]",
      "Say what is live, what runs, what waits, and whether ledger and endpoint agree.",
      ["perennial status", "perennial status --json --stack dev"],
    )
    .option(...JSON_OPTION)
    .action(async (workload: string | undefined, options: StatusOptions) =>
      declaration.end(await status(context, workload, options)),
    );

  declaration
    .command("history [workload]", "List what happened, newest first.", [
      "perennial history",
      "perennial history churn --at 2026-03-01T02:00 --limit 5",
    ])
    .option("--at <time>", "only what had started by then, and what was live (UTC unless it says otherwise)")
    .option("--limit <number>", "most lines", "20")
    .option(...JSON_OPTION)
    .action(async (workload: string | undefined, options: HistoryOptions) =>
      declaration.end(await history(context, workload, options)),
    );

  declaration
    .command(
      "why <version-or-execution>",
      "Explain a version or an execution: the verdict in words and numbers.",
      ["perennial why 3", "perennial why churn-0123456789ab --json"],
    )
    .option("--workload <name>", "whose version, where the stack holds several workloads")
    .option(...JSON_OPTION)
    .action(async (what: string, options: WhyOptions) => declaration.end(await why(context, what, options)));

  const data = declaration.group("data", "Look at what trainings are made from.");
  data
    .command("gate <workload>", "Show what the data gate found: every check, and rows that fail it.", [
      "perennial data gate churn",
      "perennial data gate churn --execution churn-0123456789ab --json",
    ])
    .option("--execution <name>", "when it was asked in this execution; otherwise when it was asked last")
    .option(...JSON_OPTION)
    .action(async (workload: string, options: DataGateOptions) =>
      declaration.end(await dataGate(context, workload, options)),
    );

  declaration
    .command(
      "logs <what>",
      "Print the log of a function, of training, processing, or of endpoint/<workload> or scoring/<workload>.",
      ["perennial logs training --since 1h", "perennial logs judge-challenger --follow"],
    )
    .option("--follow", "go on until Ctrl-C")
    .option("--since <span>", "how far back: 90s, 10m, 2h, 3d", "1h")
    .option("--json", "print one JSON object a line instead of text")
    .action(async (what: string, options: LogsOptions) =>
      declaration.end(await logs(context, what, options)),
    );
}
