import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { WorkloadSpec } from "@perennial/contracts";

const WORKLOADS = join(import.meta.dirname, "../../../workloads");

/** The spec of every workload, variants included: each has an endpoint and a route of its own where it is deployed. */
export async function readSpecs(): Promise<WorkloadSpec[]> {
  const modules = readdirSync(WORKLOADS, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(WORKLOADS, entry.name, "workload.ts")))
    .flatMap(({ name }) => [
      join(WORKLOADS, name, "workload.ts"),
      ...typescriptIn(join(WORKLOADS, name, "variants")),
    ]);
  return Promise.all(
    modules.map(async (path) => {
      const { default: spec } = (await import(pathToFileURL(path).href)) as { default: WorkloadSpec };
      return spec;
    }),
  );
}

function typescriptIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith(".ts"))
    .map((file) => join(folder, file));
}
