import type { RetrainingRequested } from "@perennial/contracts";
import type { Connection } from "../context.ts";
import { CliFault, EXIT } from "../exit.ts";
import { readVersion } from "../registry.ts";
import type { PlatformWorkload } from "../workload.ts";

/** What a retraining may be asked beyond its defaults, as it is typed. */
export interface WishOptions {
  search?: boolean;
  /** Hash of a snapshot, or the beginning of one that the history names. */
  snapshot?: string;
  /** Version whose snapshot is meant. */
  version?: string;
}

const SEARCHED = 1000;
const SHORTEST_BEGINNING = 6;

/** @throws {CliFault} where the snapshot can't be told, or isn't there. */
export async function wishesOf(
  connection: Connection,
  workload: PlatformWorkload,
  { search, snapshot, version }: WishOptions,
): Promise<Pick<RetrainingRequested, "search" | "snapshot">> {
  if (snapshot !== undefined && version !== undefined) {
    throw new CliFault(EXIT.usage, "--snapshot and --version both name the data: give one of them.");
  }
  const named =
    version === undefined
      ? snapshot === undefined
        ? undefined
        : await snapshotOf(connection, workload, snapshot)
      : await snapshotBehind(connection, workload, version);
  return { ...(search === undefined ? {} : { search }), ...(named === undefined ? {} : { snapshot: named }) };
}

async function snapshotBehind(
  connection: Connection,
  workload: PlatformWorkload,
  version: string,
): Promise<string> {
  const { record } = await readVersion(connection, workload, readVersionNumber(version));
  const { snapshotSha256 } = record.lineage;
  if (snapshotSha256 !== "none") return snapshotSha256;
  throw new CliFault(
    EXIT.notFound,
    `Version ${version} of ${workload.name} was made from no data: it is the baseline.`,
  );
}

async function snapshotOf({ ledger }: Connection, { name }: PlatformWorkload, text: string): Promise<string> {
  if (/^[0-9a-f]{64}$/.test(text)) return text;
  if (!/^[0-9a-f]+$/.test(text) || text.length < SHORTEST_BEGINNING || text.length > 64) {
    throw new CliFault(
      EXIT.usage,
      `--snapshot is ${JSON.stringify(text)}, expected a SHA-256, or its beginning of at least ${SHORTEST_BEGINNING} digits.`,
    );
  }
  const history = await ledger.listHistory(name, { limit: SEARCHED });
  const known = history.flatMap((entry) =>
    entry.kind === "retraining" && entry.snapshotSha256?.startsWith(text) === true
      ? [entry.snapshotSha256]
      : [],
  );
  const [found, ...others] = new Set(known);
  if (found !== undefined && others.length === 0) return found;
  throw new CliFault(
    EXIT.notFound,
    found === undefined
      ? `The history of ${name} names no snapshot that begins with ${text} among its last ${SEARCHED} executions.`
      : `The history of ${name} names ${others.length + 1} snapshots that begin with ${text}: give more of it.`,
  );
}

/** @throws {CliFault} where it isn't the number of a registered version. */
export function readVersionNumber(text: string): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= 1) return number;
  throw new CliFault(EXIT.usage, `The version is ${JSON.stringify(text)}, expected a whole number from 1.`);
}
