import { Command, CommanderError } from "commander";
import type { Context } from "./context.ts";
import { Declaration } from "./declarations/declaration.ts";
import { declareModels } from "./declarations/models.ts";
import { declareOperations } from "./declarations/operations.ts";
import { declarePredictions } from "./declarations/predictions.ts";
import { declareQuality } from "./declarations/quality.ts";
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
  const declaration = new Declaration(program, state, end);
  declareOperations(declaration, context);
  declareModels(declaration, context);
  declarePredictions(declaration, context);
  declareQuality(declaration, context);
  return program;
}
