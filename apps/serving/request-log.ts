const FRAME = /^\s+at .+:\d+:\d+\)?$/;

/** Where an error came from, without its message: that may quote what a record held. */
export function framesOf(error: unknown): { error: string; frames: string[] } {
  if (!(error instanceof Error)) return { error: typeof error, frames: [] };
  const frames = (error.stack ?? "").split("\n").filter((line) => FRAME.test(line));
  return { error: error.name, frames: frames.map((line) => line.trim()).slice(0, 10) };
}
