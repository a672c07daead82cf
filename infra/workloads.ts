import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { parse, WorkloadSpec } from "@perennial/contracts";
import { z } from "zod";

/** A workload as its folder holds it. */
export interface Workload {
  spec: WorkloadSpec;
  /** The spec as Python, the functions and a bucket read it. */
  specJson: string;
  /** The queries that make its rows, states and features, by the path where jobs find them. */
  queries: Record<string, string>;
  /** First file of the source. */
  source: { path: string; fileName: string };
}

/** Where a workload is defined. A variant shares the data and the queries of the workload in whose folder it lies. */
interface Place {
  name: string;
  folder: string;
  module: string;
}

const Module = z.object({ default: WorkloadSpec });

const byName = (a: string, b: string): number => (a < b ? -1 : 1);

/**
 * Reads the workloads of `folder`, one a subfolder with a `workload.ts`, in order of their names. A variant, which is a
 * workload of its own named `<folder>-<variant>`, is read where it is selected.
 *
 * @param selected names of those wanted; none means one of each folder.
 * @throws when a selected one isn't there, a spec has another name than its file, or a file that it names is missing.
 */
export async function readWorkloads(folder: string, selected: readonly string[]): Promise<Workload[]> {
  const folders = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(folder, entry.name, "workload.ts")))
    .map(({ name }) => name)
    .toSorted(byName);
  const places = folders.map((name) => ({ name, folder: join(folder, name), module: "workload.ts" }));
  const known = [...places, ...places.flatMap(variantsOf)];
  const missing = selected.filter((name) => !known.some((place) => place.name === name));
  if (missing.length > 0) {
    throw new Error(
      `setting "workloads": no folder for ${missing.join(", ")} in ${basename(folder)}/; ` +
        `expected some of ${known.map(({ name }) => name).join(", ")}`,
    );
  }
  const wanted = selected.length === 0 ? places : known.filter(({ name }) => selected.includes(name));
  return await Promise.all(wanted.toSorted((a, b) => byName(a.name, b.name)).map(readWorkload));
}

function variantsOf({ name, folder }: Place): Place[] {
  const variants = join(folder, "variants");
  if (!existsSync(variants)) return [];
  return readdirSync(variants)
    .filter((file) => file.endsWith(".ts"))
    .toSorted(byName)
    .map((file) => ({ name: `${name}-${basename(file, ".ts")}`, folder, module: join("variants", file) }));
}

async function readWorkload({ name, folder, module }: Place): Promise<Workload> {
  const path = join(folder, module);
  const shown = join(basename(folder), module);
  const { default: spec } = parse(Module, await import(pathToFileURL(path).href), shown);
  if (spec.name !== name) {
    const like = module === "workload.ts" ? "like its folder" : "for its folder and its file";
    throw new Error(`${shown}: its name is "${spec.name}", expected "${name}" ${like}`);
  }
  const named = (file: string): string => {
    const found = join(folder, file);
    if (!existsSync(found)) {
      throw new Error(`${shown}: it needs ${file}; no such file in ${basename(folder)}/`);
    }
    return found;
  };
  const query = (file: string): string => readFileSync(named(file), "utf8");
  const { rows, features, path: sourcePath } = spec.source;
  const entities = Object.keys(spec.entities).map((view) => `entities/${view}.sql`);
  return {
    spec,
    specJson: `${JSON.stringify(spec, null, 2)}\n`,
    queries: {
      "features.sql": query(features),
      ...(rows === undefined ? {} : { "rows.sql": query(rows.sql) }),
      ...Object.fromEntries(entities.map((file) => [file, query(file)])),
    },
    source: { path: named(sourcePath), fileName: basename(sourcePath) },
  };
}
