import { join } from "node:path";
import { type CloudOptions, type LocalCloud, openCloud } from "../../local/cloud.ts";
import { PYTHON } from "./trained-model.ts";

/** Stack whose settings the tests' local clouds take. */
export const STACK = "dev";

export interface TestCloudOptions extends Partial<Omit<CloudOptions, "stateFolder" | "settings">> {
  /** Empty: all of them. */
  workloads: readonly string[];
  /** Settings over those of the stack, as text. */
  settings?: Record<string, string>;
}

/** A local cloud of this working copy, on a port of its own. */
export function openTestCloud(
  stateFolder: string,
  { workloads, settings = {}, ...others }: TestCloudOptions,
): Promise<LocalCloud> {
  return openCloud({
    repository: join(import.meta.dirname, "../.."),
    stateFolder,
    stack: STACK,
    port: 0,
    python: PYTHON,
    settings: { "perennial:workloads": JSON.stringify(workloads), ...settings },
    ...others,
  });
}
