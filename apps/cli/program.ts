import { Command, CommanderError } from "commander";
import { history, type HistoryOptions } from "./commands/history.ts";
import { logs, type LogsOptions } from "./commands/logs.ts";
import { predict, type PredictOptions } from "./commands/predict.ts";
import { retrain, type RetrainOptions } from "./commands/retrain.ts";
import { status, type StatusOptions } from "./commands/status.ts";
import { up, type UpOptions } from "./commands/up.ts";
import { why, type WhyOptions } from "./commands/why.ts";
import type { Context } from "./context.ts";
import { CliFault, EXIT, EXIT_CODES_HELP, type ExitCode } from "./exit.ts";
import { explain } from "./explain.ts";

/** Where the local cloud keeps its state, unless --state says otherwise. */
export interface Defaults {
  state: string;
}

/**
 * Runs one command line and answers the exit code. Faults are written to the terminal as sentences; what isn't one is a
 * bug, and is thrown on.
 */
export async function run(argv: readonly string[], context: Context, defaults: Defaults): Promise<ExitCode> {
  let code: ExitCode = EXIT.ok;
  const { terminal } = context;
  const reached: { stack: string; url: string | null } = { stack: "local", url: null };
  const connect: Context["connect"] = async (where) => {
    reached.stack = where.stack;
    const connection = await context.connect(where);
    reached.url = connection.url;
    return connection;
  };
  const program = createProgram({ ...context, connect }, defaults, (ended) => (code = ended));
  try {
    await program.parseAsync(argv, { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    const told = explain(error, reached.stack, reached.url);
    if (!(told instanceof CliFault)) throw told;
    terminal.err(`${terminal.paintError("red", "perennial:")} ${told.message}\n`);
    return told.exitCode;
  }
}

function createProgram(context: Context, { state }: Defaults, end: (code: ExitCode) => void): Command {
  const { terminal } = context;
  const program = new Command("perennial")
    .description("Machine-learning models that renew themselves: ask, see, understand, predict.")
    .exitOverride()
    .configureOutput({
      writeOut: terminal.out,
      writeErr: terminal.err,
      getOutHelpWidth: () => Math.min(terminal.width, 100),
      getErrHelpWidth: () => Math.min(terminal.width, 100),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .showHelpAfterError("(perennial --help lists the commands, perennial <command> --help explains one)")
    .helpCommand(false)
    .configureHelp({ minWidthToWrap: 20 })
    .addHelpText("after", `\n${EXIT_CODES_HELP}`);

  /** A command with what all of them share. */
  const command = (usage: string, description: string, examples: readonly string[]): Command => {
    const text = `\nExamples:\n${examples.map((example) => `  ${example}`).join("\n")}\n\n${EXIT_CODES_HELP}`;
    return program
      .command(usage)
      .description(description)
      .option("--stack <stack>", "local, dev or prod", "local")
      .option("--state <folder>", "where the local cloud keeps its state", state)
      .configureHelp({ minWidthToWrap: 20 })
      .addHelpText("after", text);
  };
  const json = ["--json", "print JSON instead of text"] as const;

  command("up", "Start the local cloud and keep it up until Ctrl-C.", [
    "perennial up",
    "perennial up --once --workloads churn",
  ])
    .option("--once", "run the whole loop once, print a JSON summary as the last line, and stop")
    .option("--workloads <names>", "only these, separated by commas")
    .option("--port <number>", "port of the gateway on 127.0.0.1")
    .option("--json", "the last line of --once is JSON in any case")
    .action(async (options: UpOptions) => end(await up(context, options)));

  command("retrain <workload>", "Ask for a retraining and follow it, and the rollout that comes of it.", [
    "perennial retrain churn",
    'perennial retrain churn --reason "new data of March" --no-follow --stack prod',
  ])
    .option("--reason <text>", "why, for the history", "asked for on the command line")
    .option("--no-follow", "return as soon as the request is on its way")
    .option(...json)
    .action(async (workload: string, options: RetrainOptions) =>
      end(await retrain(context, workload, options)),
    );

  command(
    "status [workload]",
    "Say what is live, what runs, what waits, and whether ledger and endpoint agree.",
    ["perennial status", "perennial status --json --stack dev"],
  )
    .option(...json)
    .action(async (workload: string | undefined, options: StatusOptions) =>
      end(await status(context, workload, options)),
    );

  command("history [workload]", "List what happened, newest first.", [
    "perennial history",
    "perennial history churn --at 2026-03-01T02:00 --limit 5",
  ])
    .option("--at <time>", "only what had started by then, and what was live (UTC unless it says otherwise)")
    .option("--limit <number>", "most lines", "20")
    .option(...json)
    .action(async (workload: string | undefined, options: HistoryOptions) =>
      end(await history(context, workload, options)),
    );

  command(
    "why <version-or-execution>",
    "Explain a version or an execution: the verdict in words and numbers.",
    ["perennial why 3", "perennial why churn-0123456789ab --json"],
  )
    .option("--workload <name>", "whose version, where the stack holds several workloads")
    .option(...json)
    .action(async (what: string, options: WhyOptions) => end(await why(context, what, options)));

  command("predict <workload>", "Send records to the workload's endpoint.", [
    "perennial predict churn --record patient.json",
    "head -3 encounters.csv | perennial predict churn --record -",
  ])
    .requiredOption(
      "--record <file>",
      "records as JSON, JSON Lines or CSV, by extension or content; - is standard input",
    )
    .option(...json)
    .action(async (workload: string, options: PredictOptions) =>
      end(await predict(context, workload, options)),
    );

  command("logs <what>", "Print the log of a function, of training, processing, or of endpoint/<workload>.", [
    "perennial logs training --since 1h",
    "perennial logs judge-challenger --follow",
  ])
    .option("--follow", "go on until Ctrl-C")
    .option("--since <span>", "how far back: 90s, 10m, 2h, 3d", "1h")
    .option("--json", "print one JSON object a line instead of text")
    .action(async (what: string, options: LogsOptions) => end(await logs(context, what, options)));

  return program;
}
