import type { Connection, Context } from "../context.ts";

/** Milliseconds between two looks. Step Functions limits how often an account may ask; the local cloud doesn't. */
export const lookEvery = ({ url }: Pick<Connection, "url">): number => (url === null ? 5000 : 500);

/**
 * Looks until there is something to see.
 *
 * @param look answers null as long as there is nothing.
 * @returns what was seen; null where the time is over or nobody wants to wait any longer.
 */
export async function lookUntil<Seen extends object | string>(
  { clock, interrupted }: Pick<Context, "clock" | "interrupted">,
  connection: Pick<Connection, "url">,
  milliseconds: number,
  look: () => Promise<Seen | null>,
): Promise<Seen | null> {
  const until = clock.now().getTime() + milliseconds;
  for (;;) {
    const seen = await look();
    if (seen !== null || interrupted.aborted || clock.now().getTime() > until) return seen;
    await clock.sleep(lookEvery(connection));
  }
}
