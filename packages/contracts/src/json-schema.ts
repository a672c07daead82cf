import { z } from "zod";
import { GateReport, Profile } from "./data-gate.ts";
import { Baseline, Manifest, Prepared } from "./manifest.ts";
import { WorkloadSpec } from "./workload.ts";

/** The contracts that Python reads or writes, as JSON Schema (draft 2020-12): file name to text. */
export function jsonSchemas(): Record<string, string> {
  const contracts = {
    workload: WorkloadSpec,
    manifest: Manifest,
    prepared: Prepared,
    baseline: Baseline,
    gate: GateReport,
    profile: Profile,
  };
  return Object.fromEntries(
    Object.entries(contracts).map(([name, schema]) => [
      `${name}.schema.json`,
      `${JSON.stringify(z.toJSONSchema(schema), null, 2)}\n`,
    ]),
  );
}
