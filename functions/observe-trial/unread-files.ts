import type { Objects } from "@perennial/objects";
import { z } from "zod";

/** What of a folder was read: all up to a key, and single files after it. In constant size, however long a trial takes. */
export const Bookmark = z.strictObject({ upTo: z.string(), read: z.array(z.string()) });
export type Bookmark = z.output<typeof Bookmark>;

const HOUR_MS = 3_600_000;

/** Folder of an hour, UTC, as captures and labels lie in: `YYYY/MM/DD/HH`. */
const hourOf = (at: Date): string => at.toISOString().slice(0, 13).replaceAll(/[-T]/g, "/");

/** A folder whose files lie under the hour in which they were written. */
export interface HourlyFolder {
  bucket: string;
  /** With its final slash. */
  prefix: string;
  /** Hours after which nothing new is expected in the folder of an hour: its files aren't looked through again. */
  lateHours: number;
}

/** A folder of which nothing was read, from the hour of `since` on. */
export const unread = ({ prefix }: HourlyFolder, since: Date): Bookmark => ({
  upTo: `${prefix}${hourOf(since)}`,
  read: [],
});

/** Keys that weren't read yet, in their order, at most `most` of them; and whether these are all. */
export async function listUnread(
  objects: Pick<Objects, "list">,
  { bucket, prefix }: HourlyFolder,
  { upTo, read }: Bookmark,
  most: number,
): Promise<{ keys: string[]; areAll: boolean }> {
  const known = new Set(read);
  const keys: string[] = [];
  for await (const key of objects.list(`s3://${bucket}/${prefix}`, upTo)) {
    if (known.has(key)) continue;
    if (keys.length === most) return { keys, areAll: false };
    keys.push(key);
  }
  return { keys, areAll: true };
}

/** The bookmark after more was read. Hours that are over are told by their end alone. */
export function turnTo(
  { prefix, lateHours }: HourlyFolder,
  { upTo, read }: Bookmark,
  { keys, areAll }: { keys: readonly string[]; areAll: boolean },
  now: Date,
): Bookmark {
  const over = `${prefix}${hourOf(new Date(now.getTime() - lateHours * HOUR_MS))}`;
  // What is still to be read must stay ahead of the bookmark: keys come in their order.
  const last = areAll ? over : (keys.at(-1) ?? upTo);
  const end = [upTo, last < over ? last : over].sort().at(-1) ?? upTo;
  return { upTo: end, read: [...read, ...keys].filter((key) => key > end) };
}
