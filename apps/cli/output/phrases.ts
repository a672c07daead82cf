import type { Cause, Estimate } from "@perennial/contracts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A span in its two largest units: `41 s`, `3 min 5 s`, `2 h 10 min`, `4 d 3 h`. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / SECOND));
  const parts = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor((seconds % 86_400) / 3600), "h"],
    [Math.floor((seconds % 3600) / 60), "min"],
    [seconds % 60, "s"],
  ] as const;
  const first = parts.findIndex(([count]) => count > 0);
  if (first === -1) return "0 s";
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(" ");
}

/** How long ago something was, roughly. */
export function ago(instant: string, now: Date): string {
  const ms = now.getTime() - Date.parse(instant);
  if (ms < 10 * SECOND) return "just now";
  if (ms < MINUTE) return `${Math.round(ms / SECOND)} s ago`;
  if (ms < HOUR) return `${Math.round(ms / MINUTE)} min ago`;
  if (ms < DAY) return `${Math.round(ms / HOUR)} h ago`;
  return `${Math.round(ms / DAY)} d ago`;
}

/** `2026-03-01 02:00:31`, UTC whatever the machine's zone and locale are. */
export const moment = (instant: string): string =>
  new Date(instant).toISOString().slice(0, 19).replace("T", " ");

/** `0.671 (0.655 to 0.687)`, or a dash where the figure isn't defined. */
export function estimate({ value, lower, upper }: Estimate): string {
  if (value === null) return "–";
  if (lower === null || upper === null) return figure(value);
  return `${figure(value)} (${figure(lower)} to ${figure(upper)})`;
}

function figure(value: number): string {
  if (Number.isInteger(value) || Math.abs(value) >= 100) return value.toFixed(0);
  return Math.abs(value) >= 1 ? value.toFixed(2) : value.toFixed(4);
}

/** `12.5 %` */
export const share = (value: number | null): string =>
  value === null ? "undefined" : `${Number((value * 100).toFixed(1))} %`;

const LONGEST_BRIEF = 160;

/** The beginning of a text that is told in full elsewhere, cut at a word. */
export function brief(text: string): string {
  if (text.length <= LONGEST_BRIEF) return text;
  const end = text.lastIndexOf(" ", LONGEST_BRIEF);
  return `${text.slice(0, end > 0 ? end : LONGEST_BRIEF)} …`;
}

/** Why something runs. */
export function because(cause: Cause | null): string {
  if (cause === null) return "cause unknown";
  const who = cause.requestedBy === undefined ? cause.kind : `${cause.kind} by ${cause.requestedBy}`;
  const joined = cause.coalesced === 0 ? "" : `, with ${cause.coalesced} more that had waited`;
  return `${who}: ${cause.reason}${joined}`;
}

export const modelName = (version: number): string => (version === 0 ? "the baseline" : `version ${version}`);
