import type { Connection } from "./context.ts";
import { CliFault, EXIT } from "./exit.ts";
import { readVersion, type Version } from "./registry.ts";
import { chosenWorkload, findWorkload, type PlatformWorkload } from "./workload.ts";

/** A registered version of a workload. */
export interface Model extends Version {
  workload: PlatformWorkload;
}

/** How a model is named on the command line, for `--help`. */
export const MODEL_HELP =
  "<workload>:<version>, <version> of the only workload, or <workload> for the live one";

/**
 * Finds a model by its name.
 *
 * @throws {CliFault} where the workload or the version doesn't exist, or nothing registered is live.
 */
export async function findModel(connection: Connection, name: string): Promise<Model> {
  const { platform, ledger } = connection;
  const [, owner, number] = /^(?:([a-z][a-z0-9-]*))?:?(\d+)?$/.exec(name) ?? [];
  if (owner === undefined && number === undefined) {
    throw new CliFault(EXIT.usage, `The model is ${JSON.stringify(name)}, expected ${MODEL_HELP}.`);
  }
  const workload = owner === undefined ? chosenWorkload(platform, undefined) : findWorkload(platform, owner);
  const version = number === undefined ? (await ledger.readPointer(workload.name))?.version : Number(number);
  if (version === undefined || version === 0) {
    throw new CliFault(
      EXIT.notFound,
      `${workload.name} runs with the baseline that the program put in service, which isn't registered: name a version that is.`,
    );
  }
  return { workload, ...(await readVersion(connection, workload, version)) };
}

export const nameOf = ({ workload, record }: Model): string => `${workload.name}:${record.version}`;
