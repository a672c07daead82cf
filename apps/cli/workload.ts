import { type Platform, suggestion } from "@perennial/contracts";
import { hint } from "./did-you-mean.ts";
import { CliFault, EXIT } from "./exit.ts";

export type PlatformWorkload = Platform["workloads"][number];

/** @throws {CliFault} that lists the workloads there are. */
export function findWorkload({ workloads, stack }: Platform, name: string): PlatformWorkload {
  const found = workloads.find((workload) => workload.name === name);
  if (found !== undefined) return found;
  const known = workloads.map((workload) => workload.name);
  const list = known.length === 0 ? "It holds none." : `It holds ${known.join(", ")}.`;
  throw new CliFault(
    EXIT.notFound,
    `The stack ${stack} holds no workload "${name}". ${list}${hint(name, known)}`,
  );
}

/** The workload that an execution's name starts with: `<workload>-<12 hexadecimal digits>`. */
export function workloadOfExecution({ workloads, stack }: Platform, execution: string): PlatformWorkload {
  const owner = /^(.+)-[0-9a-f]{12}$/.exec(execution)?.[1];
  const found = workloads.find(({ name }) => name === owner);
  if (found !== undefined) return found;
  const known = workloads.map(({ name }) => name);
  const meant = owner === undefined ? undefined : suggestion(owner, known);
  throw new CliFault(
    EXIT.notFound,
    `"${execution}" is neither a version (a whole number) nor an execution of a workload in the stack ${stack}: ` +
      `an execution is named <workload>-<12 hexadecimal digits>, and the workloads are ${known.join(", ")}.` +
      (meant === undefined ? "" : ` Did you mean "${execution.replace(owner ?? "", meant)}"?`),
  );
}

/** The one that was named, or the only one there is. */
export function chosenWorkload(platform: Platform, name: string | undefined): PlatformWorkload {
  if (name !== undefined) return findWorkload(platform, name);
  const [only, ...others] = platform.workloads;
  if (only !== undefined && others.length === 0) return only;
  const known = platform.workloads.map((workload) => workload.name).join(", ");
  throw new CliFault(
    EXIT.usage,
    `The stack ${platform.stack} holds several workloads: say which with --workload, one of ${known}.`,
  );
}
