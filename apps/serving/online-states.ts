import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { OnlineTable, RecentStates, type StateReader } from "@perennial/online";
import type { Settings } from "./settings.ts";

/**
 * How long a state that was read is used again, and how many are kept. New states come with a retraining, so that a minute
 * loses nothing, and a table asked over and over would cost more time than the model (milliseconds against 50 µs).
 */
const RECENT = { ttlMs: 60_000, size: 10_000 };

/** Of one call to the table; what takes longer is tried again within the reading's deadline. */
const TABLE_TIMEOUTS = { connectionTimeout: 500, requestTimeout: 700, throwOnRequestTimeout: true };

type OnlineTablePlace = NonNullable<Settings["onlineTable"]>;

/** Reader of the online table, as the workload sees it. */
export function statesOf({ region, name }: OnlineTablePlace, workload: string): StateReader {
  const client = new DynamoDBClient({ region, maxAttempts: 3, requestHandler: TABLE_TIMEOUTS });
  const nowMs = () => performance.now();
  return new RecentStates(new OnlineTable(client, name, workload, { nowMs }), { ...RECENT, nowMs });
}
