import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";

const ProjectFile = z.object({
  name: z.string(),
  config: z.record(z.string(), z.object({ default: z.unknown().optional() })).default({}),
});
const StackFile = z.object({ config: z.record(z.string(), z.unknown()).default({}) });

/** Settings of a stack as its program gets them: every value is text, lists and flags are JSON. */
export interface StackSettings {
  project: string;
  stack: string;
  values: Record<string, string>;
}

/**
 * Reads `Pulumi.<stack>.yaml` over the defaults of `Pulumi.yaml`, which the Pulumi command line applies and its SDK doesn't.
 *
 * @throws where there is no such stack, naming the file that was looked for.
 */
export function readStack(repository: string, stack: string): StackSettings {
  const project = ProjectFile.parse(read(join(repository, "Pulumi.yaml")));
  const { config } = StackFile.parse(read(join(repository, `Pulumi.${stack}.yaml`)));
  const defaults = Object.entries(project.config)
    .filter(([, setting]) => setting.default !== undefined)
    .map(([name, setting]) => [`${project.name}:${name}`, textOf(setting.default)] as const);
  const given = Object.entries(config).map(([name, value]) => [name, textOf(value)] as const);
  return { project: project.name, stack, values: Object.fromEntries([...defaults, ...given]) };
}

function read(path: string): unknown {
  try {
    return parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new Error(`${path} cannot be read; expected the settings of a stack.`, { cause });
  }
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));
