import type { Task } from "@perennial/contracts";
import type { Objects } from "@perennial/objects";
import { readAnswer, type CapturedAnswer } from "./captured-answers.ts";
import { type Label, readLabel } from "./label-lines.ts";
import { type Bookmark, type HourlyFolder, listUnread, turnTo } from "./unread-files.ts";

/** Most files of a folder that one look reads; the rest waits for the next. */
const MOST_FILES = 2000;
/** Files that are fetched at once: in memory are no more. */
const LANES = 8;

/** Called for each line in the order of files and lines; answers whether it could be read. */
type ReadLine = (line: string) => boolean;

/** Reads what has come to a folder; answers the bookmark after it and the lines that couldn't be read. */
export async function readNew(
  objects: Pick<Objects, "list" | "read">,
  folder: HourlyFolder,
  bookmark: Bookmark,
  now: Date,
  readLine: ReadLine,
): Promise<{ bookmark: Bookmark; broken: number }> {
  const found = await listUnread(objects, folder, bookmark, MOST_FILES);
  const { keys } = found;
  let broken = 0;
  for (let from = 0; from < keys.length; from += LANES) {
    const files = await Promise.all(
      keys.slice(from, from + LANES).map((key) => objects.read(`s3://${folder.bucket}/${key}`)),
    );
    for (const { bytes } of files) {
      for (const line of bytes.toString("utf8").split("\n")) {
        if (line.trim() !== "" && !readLine(line)) broken += 1;
      }
    }
  }
  return { bookmark: turnTo(folder, bookmark, found, now), broken };
}

/** Reads captured answers to callers since `since`, and leaves out the platform's own questions. */
export const answerReader =
  (task: Task, since: Date, take: (answer: CapturedAnswer) => void): ReadLine =>
  (line) => {
    try {
      const answer = readAnswer(line, task);
      // SageMaker tells the time in whole seconds.
      if (answer !== null && answer.at >= Math.floor(since.getTime() / 1000) * 1000) take(answer);
      return true;
    } catch {
      return false;
    }
  };

export const labelReader =
  (take: (label: Label) => void): ReadLine =>
  (line) => {
    let label: Label;
    try {
      label = readLabel(line);
    } catch {
      return false;
    }
    take(label);
    return true;
  };
