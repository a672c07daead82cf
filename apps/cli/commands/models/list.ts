import type { RegistryRecord } from "@perennial/contracts";
import type { Connection, Context, Where } from "../../context.ts";
import { readAudit } from "../../documents.ts";
import { EXIT, type ExitCode } from "../../exit.ts";
import { readLimit } from "../../limit.ts";
import { table } from "../../output/layout.ts";
import { moment } from "../../output/phrases.ts";
import type { Paint, Terminal } from "../../output/terminal.ts";
import { headlineOf } from "../../quality-text.ts";
import { listVersions } from "../../registry.ts";
import { askTracking, trackedBrief, type Tracked, type TrackedModel } from "../../tracking.ts";
import { findWorkload, type PlatformWorkload } from "../../workload.ts";

export interface ModelsListOptions extends Where {
  limit: string;
  json?: boolean;
}

/** A version in the list. */
interface Listed {
  workload: string;
  version: number;
  approvalStatus: RegistryRecord["approvalStatus"];
  isLive: boolean;
  registeredAt: string | null;
  execution: string;
  artifactVersion: string;
  /** The primary figure of the audit part with its 95 % interval; null where the version was never evaluated. */
  audit: string | null;
  /** What the tracking server calls it; null where none is known. */
  tracked: TrackedModel | null;
}

/** Lists the versions in the registry, newest first. */
export async function listModels(
  context: Context,
  name: string | undefined,
  options: ModelsListOptions,
): Promise<ExitCode> {
  const limit = readLimit(options.limit);
  const connection = await context.connect(options);
  const { platform, stack } = connection;
  const chosen = name === undefined ? platform.workloads : [findWorkload(platform, name)];
  const names = chosen.map(({ name: workload }) => workload);
  const tracked = await askTracking(context, connection, names);
  const models = (
    await Promise.all(chosen.map((workload) => listed(connection, workload, tracked, limit)))
  ).flat();
  const { terminal } = context;
  const { fault: trackingFault } = tracked;
  if (options.json) terminal.out(`${JSON.stringify({ stack, models, trackingFault })}\n`);
  else for (const line of listLines(models, terminal)) terminal.out(`${line}\n`);
  return EXIT.ok;
}

async function listed(
  connection: Connection,
  workload: PlatformWorkload,
  tracked: Tracked,
  limit: number,
): Promise<Listed[]> {
  const [versions, pointer] = await Promise.all([
    listVersions(connection, workload, limit),
    connection.ledger.readPointer(workload.name),
  ]);
  return Promise.all(
    versions.map(async (version) => {
      const { record, registeredAt } = version;
      const { execution, artifactVersion, auditUri } = record.lineage;
      const audit = auditUri === "none" ? null : await readAudit(connection, auditUri);
      return {
        workload: workload.name,
        version: record.version,
        approvalStatus: record.approvalStatus,
        isLive: pointer?.version === record.version,
        registeredAt,
        execution,
        artifactVersion,
        audit: audit === null ? null : headlineOf(audit.metrics),
        tracked: tracked.of(version),
      };
    }),
  );
}

function listLines(models: readonly Listed[], { width, paint }: Pick<Terminal, "width" | "paint">): string[] {
  if (models.length === 0) return ["No version is registered yet: perennial retrain makes the first one."];
  const isTracked = models.some(({ tracked }) => tracked !== null);
  const titles = [
    "model",
    "approval",
    "",
    "registered (UTC)",
    ...(isTracked ? ["MLflow"] : []),
    "audit, 95 % interval",
  ];
  const rows = models.map(({ workload, version, approvalStatus, isLive, registeredAt, audit, tracked }) => [
    `${workload}:${version}`,
    approvalText(approvalStatus, paint),
    isLive ? paint("green", "live") : "",
    registeredAt === null ? "" : moment(registeredAt),
    ...(isTracked ? [tracked === null ? "" : trackedBrief(tracked)] : []),
    audit ?? "never evaluated",
  ]);
  return table([titles.map((title) => paint("dim", title)), ...rows], width);
}

function approvalText(status: Listed["approvalStatus"], paint: Paint): string {
  if (status === "Approved") return paint("green", status);
  return paint(status === "Rejected" ? "red" : "yellow", status === "Rejected" ? status : "Pending");
}
