/**
 * Milliseconds that a `Retry-After` header asks to wait: seconds, or a date (RFC 9110, 10.2.3). What can't be read asks
 * for nothing.
 */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  const text = header?.trim() ?? "";
  if (text === "") return undefined;
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1_000;
  // Date.parse alone would take "-1" for a year.
  const date = /^[A-Z][a-z]+, /.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/**
 * Milliseconds to wait after so many failed attempts. Full jitter (AWS Architecture Blog, "Exponential Backoff And
 * Jitter"): anything up to a ceiling that doubles, so that callers who failed together don't come back together. What the
 * other side asked for comes first, and the jitter on top of it.
 */
export function backoffMs(
  attempts: number,
  askedMs: number | undefined,
  chance: number,
  { baseMs, capMs }: { baseMs: number; capMs: number },
): number {
  const ceiling = Math.min(capMs, baseMs * 2 ** (attempts - 1));
  return (askedMs ?? 0) + chance * ceiling;
}
