import { createHash } from "node:crypto";
import { existsSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** A file of an archive as the program recorded it: its text, or where it lies. */
export type ArchiveFile = { text: string } | { path: string };

/** Writes a function's archive under `root`, once for the same contents; answers its folder. */
export function unpack(root: string, files: Record<string, ArchiveFile>): string {
  const folder = join(root, createHash("sha256").update(JSON.stringify(files)).digest("hex").slice(0, 24));
  if (existsSync(folder)) return folder;
  const part = `${folder}.part`;
  rmSync(part, { recursive: true, force: true });
  for (const [name, file] of Object.entries(files)) {
    const path = join(part, name);
    mkdirSync(dirname(path), { recursive: true });
    if ("text" in file) writeFileSync(path, file.text);
    else symlinkSync(file.path, path);
  }
  renameSync(part, folder);
  return folder;
}
