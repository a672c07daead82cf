import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A file of the repository; its path is relative to the root, with `/`. */
export interface Source {
  path: string;
  text: string;
}

/** What installs, runs and builds leave behind: everything that .gitignore names. */
const GENERATED =
  /^(\.git|\.venv|\.tools|\.tracking|\.fuzzer|\.peers(-\w+)?|\.perennial|\.cache|\.\w+_cache|\.hypothesis|node_modules|dist|coverage|__pycache__)$/;

const ROOT = join(import.meta.dirname, "../..");

function walk(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true })
    .filter(({ name }) => !GENERATED.test(name))
    .flatMap((entry) => {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      return entry.isDirectory() ? walk(path) : entry.isFile() ? [path] : [];
    });
}

/** The repository's files whose path matches, read as text. */
export function readSources(pattern: RegExp): Source[] {
  return walk("")
    .filter((path) => pattern.test(path))
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), "utf8") }));
}

/** The names of the workloads: the folders of `workloads/`. */
export function workloadNames(): string[] {
  return readdirSync(join(ROOT, "workloads"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !GENERATED.test(entry.name))
    .map(({ name }) => name);
}
