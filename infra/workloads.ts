import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { parse, WorkloadSpec } from "@perennial/contracts";
import { z } from "zod";

/** A workload as its folder holds it. */
export interface Workload {
  spec: WorkloadSpec;
  /** The spec as Python, the functions and a bucket read it. */
  specJson: string;
  /** `features.sql`. */
  sql: string;
  /** First file of the source. */
  source: { path: string; fileName: string };
}

const Module = z.object({ default: WorkloadSpec });

/**
 * Reads the workloads of `folder`, one a subfolder with a `workload.ts`, in order of their names.
 *
 * @param selected names of those wanted; none means all.
 * @throws when a selected one has no folder, or a spec has another name than its folder.
 */
export async function readWorkloads(folder: string, selected: readonly string[]): Promise<Workload[]> {
  const present = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && readdirSync(join(folder, entry.name)).includes("workload.ts"))
    .map(({ name }) => name)
    .toSorted((a, b) => (a < b ? -1 : 1));
  const missing = selected.filter((name) => !present.includes(name));
  if (missing.length > 0) {
    throw new Error(
      `setting "workloads": no folder for ${missing.join(", ")} in ${basename(folder)}/; ` +
        `expected some of ${present.join(", ")}`,
    );
  }
  const wanted = selected.length === 0 ? present : present.filter((name) => selected.includes(name));
  return await Promise.all(wanted.map((name) => readWorkload(join(folder, name), name)));
}

async function readWorkload(folder: string, name: string): Promise<Workload> {
  const path = join(folder, "workload.ts");
  const { default: spec } = parse(Module, await import(pathToFileURL(path).href), `${name}/workload.ts`);
  if (spec.name !== name) {
    throw new Error(`${name}/workload.ts: its name is "${spec.name}", expected "${name}" like its folder`);
  }
  return {
    spec,
    specJson: `${JSON.stringify(spec, null, 2)}\n`,
    sql: readFileSync(join(folder, "features.sql"), "utf8"),
    source: { path: join(folder, spec.source.path), fileName: basename(spec.source.path) },
  };
}
