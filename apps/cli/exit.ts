/** What the process answers with. `--help` of every command states it. */
export const EXIT = {
  ok: 0,
  /** The thing asked for was done and failed, or was refused. */
  failed: 1,
  /** The command line itself is wrong. */
  usage: 2,
  /** Nothing runs there, it can't be reached, or it takes no call from these credentials. */
  unreachable: 3,
  /** The workload, version, execution or log that was named doesn't exist. */
  notFound: 4,
  /** The request was accepted and waits for its turn. */
  held: 5,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_CODES_HELP = `Exit codes:
  0  done
  1  what was asked for failed or was refused
  2  the command line is wrong
  3  the platform isn't running, can't be reached, or refuses these credentials
  4  the workload, version, execution or log doesn't exist
  5  the request was accepted and waits for its turn`;

/** What a command can't do, as a sentence for whoever typed it. */
export class CliFault extends Error {
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "CliFault";
    this.exitCode = exitCode;
  }
}
