import type { Command } from "commander";
import { EXIT_CODES_HELP, type ExitCode } from "../exit.ts";

/** Declares commands with what all of them share: the stack, examples, exit codes. */
export class Declaration {
  readonly #parent: Command;
  readonly #state: string;
  readonly #end: (code: ExitCode) => void;

  /** @param state is where the local cloud keeps its state; @param end takes the exit code. */
  constructor(parent: Command, state: string, end: (code: ExitCode) => void) {
    this.#parent = parent;
    this.#state = state;
    this.#end = end;
  }

  /** A command; the last example is as good as the first. */
  command(usage: string, description: string, examples: readonly string[]): Command {
    const text = `\nExamples:\n${examples.map((example) => `  ${example}`).join("\n")}\n\n${EXIT_CODES_HELP}`;
    return this.#parent
      .command(usage)
      .description(description)
      .option("--stack <stack>", "local, dev or prod", "local")
      .option("--state <folder>", "where the local cloud keeps its state", this.#state)
      .configureHelp({ minWidthToWrap: 20 })
      .addHelpText("after", text);
  }

  /** Commands below a word of their own: `models list`. */
  group(name: string, description: string): Declaration {
    const group = this.#parent
      .command(name)
      .description(description)
      .helpCommand(false)
      .configureHelp({ minWidthToWrap: 20 });
    return new Declaration(group, this.#state, this.#end);
  }

  /** Takes the exit code of a command that ended. */
  end(code: ExitCode): void {
    this.#end(code);
  }
}

export const JSON_OPTION = ["--json", "print JSON instead of text"] as const;
