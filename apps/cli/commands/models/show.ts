import type { AuditReport, RegistryRecord, Verdict } from "@perennial/contracts";
import type { Connection, Context, Where } from "../../context.ts";
import { readAudit, readVerdict } from "../../documents.ts";
import { EXIT, type ExitCode } from "../../exit.ts";
import { findModel, type Model, nameOf } from "../../model-reference.ts";
import { prose, table } from "../../output/layout.ts";
import { moment } from "../../output/phrases.ts";
import type { Terminal } from "../../output/terminal.ts";
import { type Quality, qualityLines } from "../../quality-text.ts";
import { readQuality } from "../../registry.ts";
import { lineageRows } from "../../lineage-text.ts";
import { askTracking, type TrackedModel, trackedState } from "../../tracking.ts";

export interface ModelsShowOptions extends Where {
  json?: boolean;
}

/** All that is kept about one version. */
interface Shown {
  model: string;
  record: RegistryRecord;
  registeredAt: string | null;
  isLive: boolean;
  verdict: Verdict | null;
  quality: Quality | null;
  slices: AuditReport["slices"];
  tracked: TrackedModel | null;
  /** The same in words, or why nothing is known; null where the stack tracks nothing. */
  trackedState: string | null;
}

/** Shows a version: its approval, its figures with intervals, what it was made from, and where its card lies. */
export async function showModel(
  context: Context,
  name: string,
  options: ModelsShowOptions,
): Promise<ExitCode> {
  const connection = await context.connect(options);
  const model = await findModel(connection, name);
  const shown = await read(context, connection, model);
  const { terminal } = context;
  if (options.json) terminal.out(`${JSON.stringify(shown)}\n`);
  else for (const line of shownLines(shown, terminal)) terminal.out(`${line}\n`);
  return EXIT.ok;
}

async function read(context: Context, connection: Connection, model: Model): Promise<Shown> {
  const { record, registeredAt, workload } = model;
  const { verdictUri, auditUri } = record.lineage;
  const [pointer, verdict, quality, audit, tracked] = await Promise.all([
    connection.ledger.readPointer(workload.name),
    verdictUri === "none" ? null : readVerdict(connection, verdictUri),
    readQuality(connection, record),
    auditUri === "none" ? null : readAudit(connection, auditUri),
    askTracking(context, connection, [workload.name]),
  ]);
  return {
    model: nameOf(model),
    record,
    registeredAt,
    isLive: pointer?.version === record.version,
    verdict,
    quality,
    slices: audit?.slices ?? [],
    tracked: tracked.of(model),
    trackedState: trackedState(connection, tracked, model),
  };
}

function shownLines(
  { model, record, registeredAt, isLive, verdict, quality, slices, trackedState: mlflow }: Shown,
  { width, paint }: Pick<Terminal, "width" | "paint">,
): string[] {
  const registered = registeredAt === null ? "" : `, registered ${moment(registeredAt)} UTC`;
  const head = `${paint("bold", model)}: ${record.approvalStatus}${isLive ? ", live" : ""}${registered}`;
  const sliceRows = slices.map(({ column, level, rows, primary }) => [
    `${column} ${level}`,
    `${rows.toLocaleString("en")} rows`,
    primary === null ? "undefined" : primary.toFixed(4),
  ]);
  return [
    ...prose([head, record.approvalDescription], width),
    ...(verdict === null
      ? []
      : ["", ...prose([`Verdict: ${verdict.status}. perennial why tells every rule.`], width)]),
    ...(quality === null ? ["", "It was never evaluated."] : ["", ...qualityLines(quality, width, paint)]),
    ...(sliceRows.length === 0
      ? []
      : [
          "",
          ...table(
            [
              ["slice of the audit part", "size", "primary"].map((title) => paint("dim", title)),
              ...sliceRows,
            ],
            width,
          ),
        ]),
    "",
    ...table([...lineageRows(record), ...(mlflow === null ? [] : [["MLflow", mlflow]])], width),
  ];
}
