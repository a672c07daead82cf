import type { AuditReport, Estimate } from "@perennial/contracts";
import type { Connection, Context, Where } from "../context.ts";
import { readAudit } from "../documents.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { figureOf, type Floor, floorText, isReached, readFloors } from "../floors.ts";
import { table } from "../output/layout.ts";
import { estimate } from "../output/phrases.ts";
import { headlineOf } from "../quality-text.ts";
import { readVersion } from "../registry.ts";
import type { PlatformWorkload } from "../workload.ts";

export interface QualityOptions extends Where {
  floors: string;
  markdown?: boolean;
  json?: boolean;
}

/** One figure of a live model. */
interface Measured {
  workload: string;
  /** Null before the first rollout: the baseline is live, and was never evaluated. */
  version: number | null;
  figure: string;
  measured: Estimate | null;
  /** Rows and groups that it was measured on. */
  part: Pick<AuditReport["part"], "rows" | "groups"> | null;
  /** As text, for a figure that no floor was set for. */
  headline: string | null;
  floor: Floor | null;
  isReached: boolean | null;
}

/** Shows the audit figures of all live models with their 95 % intervals, against what they are to reach. */
export async function quality(context: Context, options: QualityOptions): Promise<ExitCode> {
  const floors = await readFloors(options.floors);
  const connection = await context.connect(options);
  const { workloads } = connection.platform;
  const rows = (
    await Promise.all(
      workloads.map((workload) =>
        measured(
          connection,
          workload,
          floors.filter((floor) => floor.workload === workload.name),
        ),
      ),
    )
  ).flat();
  const { terminal } = context;
  if (options.json) terminal.out(`${JSON.stringify({ stack: connection.stack, figures: rows })}\n`);
  else {
    const text = rows.map(cellsOf);
    const head = ["workload", "figure", "audit, 95 % interval", "floor", "", "measured on"];
    const lines =
      options.markdown === true ? markdown([head, ...text]) : table([head, ...text], terminal.width);
    for (const line of lines) terminal.out(`${line}\n`);
  }
  return rows.every(({ isReached }) => isReached !== false) ? EXIT.ok : EXIT.failed;
}

async function measured(
  connection: Connection,
  workload: PlatformWorkload,
  floors: readonly Floor[],
): Promise<Measured[]> {
  const { name } = workload;
  const pointer = await connection.ledger.readPointer(name);
  const auditUri =
    pointer === null
      ? "none"
      : (await readVersion(connection, workload, pointer.version)).record.lineage.auditUri;
  const audit = auditUri === "none" ? null : await readAudit(connection, auditUri);
  const common = {
    workload: name,
    version: pointer?.version ?? null,
    part: audit === null ? null : { rows: audit.part.rows, groups: audit.part.groups },
  };
  if (floors.length === 0) {
    const headline = audit === null ? null : headlineOf(audit.metrics);
    return [{ ...common, figure: "", measured: null, headline, floor: null, isReached: null }];
  }
  return floors.map((floor) => {
    const figure = audit === null ? null : figureOf(floor, audit.metrics);
    return {
      ...common,
      figure: floor.title,
      measured: figure,
      headline: null,
      floor,
      isReached: figure !== null && isReached(floor, figure),
    };
  });
}

function cellsOf({
  workload,
  version,
  figure,
  measured,
  headline,
  floor,
  isReached,
  part,
}: Measured): string[] {
  const name = version === null ? workload : `${workload}:${version}`;
  return [
    name,
    figure,
    measured === null ? (headline ?? "not measured yet") : estimate(measured),
    floor === null ? "" : floorText(floor),
    isReached === null ? "" : isReached ? "reached" : "NOT REACHED",
    part === null ? "" : `${part.rows.toLocaleString("en")} rows, ${part.groups.toLocaleString("en")} groups`,
  ];
}

/** A table as README files hold it. */
function markdown([head = [], ...rows]: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)];
}
