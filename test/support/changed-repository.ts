import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const REPOSITORY = join(import.meta.dirname, "../..");

/**
 * Puts this repository into `folder` with one workload, in whose spec `text` stands in place of `replaced`: what finds its
 * neighbours by its own place is a copy.
 */
export function changedRepository(folder: string, workload: string, replaced: string, text: string): string {
  const copied = ["infra", "workloads"];
  for (const name of readdirSync(REPOSITORY)) {
    if (!copied.includes(name)) symlinkSync(join(REPOSITORY, name), join(folder, name));
  }
  cpSync(join(REPOSITORY, "infra"), join(folder, "infra"), { recursive: true });
  mkdirSync(join(folder, "workloads"));
  cpSync(join(REPOSITORY, "workloads/package.json"), join(folder, "workloads/package.json"));
  cpSync(join(REPOSITORY, "workloads", workload), join(folder, "workloads", workload), { recursive: true });
  const spec = join(folder, "workloads", workload, "workload.ts");
  const before = readFileSync(spec, "utf8");
  if (!before.includes(replaced)) throw new Error(`${spec}: expected ${replaced}, which this test replaces`);
  writeFileSync(spec, before.replace(replaced, text));
  return folder;
}
