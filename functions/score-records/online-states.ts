import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { OnlineTable, RecentStates, type StateReader } from "@perennial/online";

/** States come with a retraining: a minute loses nothing, and what was read isn't read again by the next request. */
const RECENT = { ttlMs: 60_000, size: 10_000 };
/** Of one call to the table; what takes longer is tried again within the reading's deadline. */
const TIMEOUTS = { connectionTimeout: 500, requestTimeout: 700, throwOnRequestTimeout: true };

/** Reader of the online table, as the workload sees it. */
export function statesOf(table: string, workload: string, nowMs: () => number): StateReader {
  const client = new DynamoDBClient({ maxAttempts: 3, requestHandler: TIMEOUTS });
  return new RecentStates(new OnlineTable(client, table, workload, { nowMs }), { ...RECENT, nowMs });
}
