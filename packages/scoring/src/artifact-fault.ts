/** An artifact can't be trusted or can't be scored with: which file, what was expected of it, what was found. */
export class ArtifactFault extends Error {
  readonly file: string;
  readonly expected: string;
  readonly found: string;

  constructor(fault: { file: string; expected: string; found: string }, options?: ErrorOptions) {
    super(
      `artifact file ${fault.file}: found ${fault.found}; expected ${fault.expected}. ` +
        `Fetch the artifact again or train the model anew; nothing was loaded.`,
      options,
    );
    this.name = "ArtifactFault";
    this.file = fault.file;
    this.expected = fault.expected;
    this.found = fault.found;
  }
}

/** The text of whatever was thrown, for a fault's `found`; the error itself goes along as its cause. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
