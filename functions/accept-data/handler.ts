import { createHash } from "node:crypto";
import {
  type Fault,
  type FunctionAnswer,
  type FunctionEvent,
  FUNCTIONS,
  GateReport,
  InvalidInput,
  parse,
  Profile,
} from "@perennial/contracts";
import type { Objects } from "@perennial/objects";
import type { Telemetry } from "@perennial/telemetry";
import type { OnlineStates } from "./online-states.ts";
import type { Snapshots } from "./snapshots.ts";
import type { EntityFiles } from "./entity-files.ts";

export interface Dependencies {
  objects: Pick<Objects, "readDocument" | "writeDocument">;
  snapshots: Pick<Snapshots, "keep">;
  entityFiles: Pick<EntityFiles, "read">;
  onlineStates: Pick<OnlineStates, "put">;
  telemetry: Telemetry;
  lakeBucket: string;
}

/**
 * Keeps data that passed the gate: the files as an immutable snapshot, the latest states of the entities in the online
 * table, and the profile that the next files are compared with. Each step can be done twice. Data that is a snapshot
 * already is neither copied nor what the next files are compared with.
 *
 * @throws {DataChanged} where a file isn't the one that the gate looked at; nothing is kept then.
 * @throws {InvalidInput} for an event or a report that can't be of one execution.
 * @throws {ObjectFault} for an object that can't be read or written.
 */
export const createHandler =
  ({ objects, snapshots, entityFiles, onlineStates, telemetry, lakeBucket }: Dependencies) =>
  async (event: unknown): Promise<FunctionAnswer<"accept-data">> => {
    const asked = parse(FUNCTIONS["accept-data"].event, event, "event of accept-data");
    const { workload, execution, rawUri, gateUri, entitiesUri } = asked;
    const [report, profile] = await Promise.all([
      objects.readDocument(`${gateUri}gate.json`, GateReport),
      objects.readDocument(`${gateUri}profile.json`, Profile),
    ]);
    const { snapshotSha256 } = report;
    const allSnapshots = `s3://${lakeBucket}/snapshots/`;
    const snapshotUri = `${allSnapshots}${workload}/${snapshotSha256}/`;
    const isSnapshot = rawUri.startsWith(allSnapshots);
    requireAccord(asked, report, profile, isSnapshot ? snapshotUri : null);

    if (!isSnapshot) await snapshots.keep(rawUri, snapshotUri, report);
    const states = await entityFiles.read(entitiesUri);
    const entities = await onlineStates.put(workload, execution, states);
    if (!isSnapshot) {
      await objects.writeDocument(`s3://${lakeBucket}/accepted/${workload}/profile.json`, Profile, profile);
    }
    telemetry.log("accepted", { workload, execution, snapshotSha256, isSnapshot, entities });
    return { snapshotSha256, snapshotUri, entities };
  };

/** Event, report and profile come from three places: only if they speak of the same data is it accepted. */
function requireAccord(
  { workload, rawUri, gateUri }: FunctionEvent<"accept-data">,
  { workload: reported, status, snapshotSha256, files }: GateReport,
  profile: Profile,
  expectedUri: string | null,
): void {
  const faults: Fault[] = (
    [
      ["workload", reported, workload],
      ["status", status, "accepted"],
      ["snapshotSha256", snapshotSha256, snapshotHash(files)],
      ["profile.snapshotSha256", profile.snapshotSha256, snapshotSha256],
      ["rawUri", rawUri, expectedUri ?? rawUri],
    ] as const
  ).flatMap(([path, given, expected]) =>
    given === expected ? [] : [{ path, message: `given ${given}; expected ${expected}` }],
  );
  if (faults.length > 0) throw new InvalidInput(`${gateUri}gate.json`, faults);
}

/** Name of a set of files: a hash over their names and contents. */
function snapshotHash(files: GateReport["files"]): string {
  const hash = createHash("sha256");
  for (const { name, sha256 } of files.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    hash.update(`${name}\0${sha256}\n`);
  }
  return hash.digest("hex");
}
