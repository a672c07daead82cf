import { buildBaseline } from "../components/endpoint/baseline.ts";
import { ModelRegistry } from "../components/registry/model-registry.ts";
import type { Workload } from "../workloads.ts";
import type { Foundation } from "./foundation.ts";
import type { Stack } from "./stack.ts";

export type Model = Awaited<ReturnType<typeof keepModels>>[number];

/** For each workload: its spec and first data where jobs find them, its registry, and the baseline that serves first. */
export async function keepModels(
  { settings, names, opts }: Stack,
  { lake, artifacts }: Foundation,
  workloads: Workload[],
) {
  const baselines = await Promise.all(workloads.map(({ spec, specJson }) => buildBaseline(spec, specJson)));
  return workloads.map(({ spec, specJson, queries, source }, index) => {
    const { name } = spec;
    lake.storeSource(name, source.fileName, source.path);
    lake.openAccepted(name);
    const registry = new ModelRegistry(
      name,
      {
        modelPackageGroupName: names.modelPackageGroup(name),
        modelCardPattern: names.arn("sagemaker", `model-card/${names.modelCard(name)}`),
        description: spec.title,
        tags: names.tags(name),
        protect: settings.protect,
      },
      opts,
    );
    const baseline = artifacts.storeBaseline(name, baselines[index] ?? Buffer.alloc(0));
    return { spec, registry, baseline, stored: artifacts.storeSpec(name, specJson, queries) };
  });
}
