import { parse, WorkloadSpec } from "@perennial/contracts";
import { vi } from "vitest";
import type * as workloads from "../../infra/workloads.ts";
import type { Registered } from "./deploy.ts";
import { evaluate } from "./program.ts";

/** Evaluates the whole program of dev with a workload whose spec says `changes`. */
export async function evaluateChanged(
  changes: object,
  settings: Record<string, string>,
): Promise<Registered[]> {
  vi.resetModules();
  vi.doMock("../../infra/workloads.ts", async (original) => {
    const { readWorkloads } = await original<typeof workloads>();
    return {
      readWorkloads: async (...given: Parameters<typeof readWorkloads>) =>
        (await readWorkloads(...given)).map(({ spec, ...rest }) => ({
          ...rest,
          spec: parse(WorkloadSpec, { ...spec, ...changes }, "the spec"),
        })),
    };
  });
  return await evaluate("dev", async () => await import("../../infra/index.ts"), settings);
}
