import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { deploy, type Registered } from "./deploy.ts";

const REPOSITORY = join(import.meta.dirname, "../..");

const ProjectFile = z.object({
  name: z.string(),
  config: z.record(z.string(), z.object({ default: z.unknown().optional() })),
});
const StackFile = z.object({ config: z.record(z.string(), z.unknown()) });

/** A stack's settings as the Pulumi CLI hands them to the program: its file over the defaults of the project's schema. */
export function settingsOf(stack: string): Record<string, string> {
  const read = (file: string): unknown => parse(readFileSync(join(REPOSITORY, file), "utf8"));
  const project = ProjectFile.parse(read("Pulumi.yaml"));
  const { config } = StackFile.parse(read(`Pulumi.${stack}.yaml`));
  const defaults = Object.entries(project.config)
    .filter(([, setting]) => setting.default !== undefined)
    .map(([name, setting]) => [`${project.name}:${name}`, setting.default]);
  return Object.fromEntries(
    [...defaults, ...Object.entries(config)].map(([name, value]) => [
      name,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );
}

/** Evaluates the whole program with the settings of `stack`; `importProgram` imports it anew. */
export async function evaluate(
  stack: string,
  importProgram: () => Promise<unknown>,
  settings: Record<string, string> = {},
): Promise<Registered[]> {
  return await deploy(importProgram, {
    name: "perennial",
    stack,
    settings: { ...settingsOf(stack), ...settings },
  });
}
