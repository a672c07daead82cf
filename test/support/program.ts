import { join } from "node:path";
import { readStack } from "../../local/program/settings.ts";
import { deploy, type Registered } from "./deploy.ts";

const REPOSITORY = join(import.meta.dirname, "../..");

/** What most tests of the program look at: each further workload has the same. */
export const ONE_WORKLOAD = { "perennial:workloads": '["hospital-readmission"]' };

/**
 * Evaluates the whole program with the settings of `stack` and one workload, changed by `changes`; `importProgram` imports it
 * anew.
 */
export async function evaluate(
  stack: string,
  importProgram: () => Promise<unknown>,
  changes: Record<string, string> = {},
): Promise<Registered[]> {
  const { project, values } = readStack(REPOSITORY, stack);
  return await deploy(importProgram, {
    name: project,
    stack,
    settings: { ...values, ...ONE_WORKLOAD, ...changes },
  });
}
