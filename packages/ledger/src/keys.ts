/** What a lease is about: one retraining, or one rollout, of a workload at a time. */
export type Door = "retrain" | "rollout";

/** Keys of the ledger's items: one partition a workload. The rollout workflow writes three of them by the same names. */
export const partition = (workload: string): string => `workload#${workload}`;
export const admissionKey = (door: Door): string => `admission#${door}`;
export const POINTER_KEY = "pointer";
export const TRIAL_KEY = "trial";
export const holdoutKey = (sha256: string): string => `holdout#${sha256}`;

const HISTORY = "history#";
/** Sorts after every character that a time is written with. */
const AFTER_ALL = "~";

/** In order of start: ISO times of one length sort as text, so that every time is brought to milliseconds first. */
export const historyKey = (startedAt: string, kind: string, execution: string): string =>
  `${HISTORY}${toMilliseconds(startedAt)}#${kind}#${execution}`;

/** First and last key of the history of everything that started up to `at`, or of all of it. */
export const historyRange = (at?: string): { first: string; last: string } => ({
  first: HISTORY,
  last: `${HISTORY}${at === undefined ? "" : `${toMilliseconds(at)}#`}${AFTER_ALL}`,
});

const toMilliseconds = (instant: string): string => new Date(instant).toISOString();
