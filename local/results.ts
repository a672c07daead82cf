import { AuditReport, type Estimate, type Platform, WorkloadSpec } from "@perennial/contracts";
import type { LocalCloud } from "./cloud.ts";
import { inColumns } from "./columns.ts";
import type { RetrainingResult } from "./retraining.ts";

/** A workload after its retraining, as a line of the table. */
export interface Row {
  workload: string;
  /** Version in service; 0 is the baseline of the first deployment. */
  version: string;
  /** The gate's primary metric on the audit part, with its 95 % interval. */
  metric: string;
  /** How the gate judged, marked where the champion stays. */
  outcome: string;
  seconds: string;
}

/** What a retraining has come to, read from the ledger and from the reports of its execution. */
export async function rowOf(cloud: LocalCloud, platform: Platform, result: RetrainingResult): Promise<Row> {
  const { workload, status, verdict, auditUri, seconds } = result;
  const outcome = verdict?.status ?? (status === "SUCCEEDED" ? "data refused" : status.toLowerCase());
  const specUri = platform.workloads.find(({ name }) => name === workload)?.specUri;
  return {
    workload,
    version: await versionInService(cloud, platform.ledgerTable, workload),
    metric: auditUri === null || specUri === undefined ? "" : await primaryMetric(cloud, specUri, auditUri),
    outcome: outcome === "better" ? outcome : `! ${outcome}`,
    seconds: seconds.toFixed(1),
  };
}

/** The workloads after their retrainings, in columns. */
export function table(rows: readonly Row[]): string {
  return inColumns(
    ["workload", ">version", "primary metric [95 %]", "gate", ">seconds"],
    rows.map(({ workload, version, metric, outcome, seconds }) => [
      workload,
      version,
      metric,
      outcome,
      seconds,
    ]),
  );
}

async function versionInService(cloud: LocalCloud, TableName: string, workload: string): Promise<string> {
  const Key = { pk: { S: `workload#${workload}` }, sk: { S: "pointer" } };
  const { Item } = (await cloud.call("dynamodb", "GetItem", { TableName, Key })) as {
    Item?: { version?: { N?: string } };
  };
  return Item?.version?.N ?? "0";
}

async function primaryMetric(cloud: LocalCloud, specUri: string, auditUri: string): Promise<string> {
  const { gate } = WorkloadSpec.parse(JSON.parse((await cloud.read(specUri)).toString("utf8")));
  const { metrics } = AuditReport.parse(JSON.parse((await cloud.read(auditUri)).toString("utf8")));
  const estimates: Readonly<Record<string, unknown>> = metrics;
  const { value, lower, upper } = estimates[gate.primary] as Estimate;
  const shown = (figure: number | null): string => (figure === null ? "–" : figure.toFixed(4));
  return `${gate.primary} ${shown(value)} [${shown(lower)}, ${shown(upper)}]`;
}
