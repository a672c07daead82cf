import type { AuditReport } from "@perennial/contracts";
import type { Connection, Context, Where } from "../../context.ts";
import { readAudit } from "../../documents.ts";
import { CliFault, EXIT, type ExitCode } from "../../exit.ts";
import { findModel, type Model, nameOf } from "../../model-reference.ts";
import { prose, table } from "../../output/layout.ts";
import type { Terminal } from "../../output/terminal.ts";
import { comparisonLines } from "../../quality-text.ts";
import { askTracking, trackedBrief, type Tracked } from "../../tracking.ts";

export interface ModelsCompareOptions extends Where {
  json?: boolean;
}

interface Compared {
  model: Model;
  audit: AuditReport;
}

/** Shows the figures of two versions, of one workload or of two, side by side: both of their audit parts. */
export async function compareModels(
  context: Context,
  names: readonly [string, string],
  options: ModelsCompareOptions,
): Promise<ExitCode> {
  const connection = await context.connect(options);
  const [one, other] = await Promise.all([compared(connection, names[0]), compared(connection, names[1])]);
  if (one.audit.metrics.kind !== other.audit.metrics.kind) {
    throw new CliFault(
      EXIT.usage,
      `${nameOf(one.model)} is a ${one.audit.metrics.kind} model and ${nameOf(other.model)} a ${other.audit.metrics.kind} one: they share no figure.`,
    );
  }
  const { terminal } = context;
  const workloads = new Set([one, other].map(({ model }) => model.workload.name));
  const tracked = await askTracking(context, connection, [...workloads]);
  if (options.json) {
    const document = [one, other].map(({ model, audit }) => ({
      model: nameOf(model),
      record: model.record,
      registeredAt: model.registeredAt,
      audit,
      tracked: tracked.of(model),
    }));
    const { fault: trackingFault } = tracked;
    const whole = { areSameRows: areSameRows(one, other), models: document, trackingFault };
    terminal.out(`${JSON.stringify(whole)}\n`);
  } else {
    for (const line of comparedLines(one, other, tracked, terminal)) terminal.out(`${line}\n`);
  }
  return EXIT.ok;
}

async function compared(connection: Connection, name: string): Promise<Compared> {
  const model = await findModel(connection, name);
  const { auditUri } = model.record.lineage;
  if (auditUri === "none") {
    throw new CliFault(EXIT.notFound, `${nameOf(model)} was never evaluated: there is nothing to compare.`);
  }
  return { model, audit: await readAudit(connection, auditUri) };
}

const areSameRows = (one: Compared, other: Compared): boolean =>
  one.audit.part.sha256 === other.audit.part.sha256;

function comparedLines(
  one: Compared,
  other: Compared,
  tracked: Tracked,
  { width, paint }: Pick<Terminal, "width" | "paint">,
): string[] {
  const columns = [one, other].map(({ model, audit: { part, metrics } }) => ({
    title: nameOf(model),
    rows: part.rows,
    groups: part.groups,
    metrics,
  }));
  const sameRows = areSameRows(one, other)
    ? "Both were measured on the same audit rows, but each interval is of one model by itself: two that overlap may still differ."
    : "They were measured on different audit rows: a difference may be one of the rows.";
  const row = (title: string, show: (model: Model) => string): string[] => [
    title,
    show(one.model),
    show(other.model),
  ];
  const mlflow = row("MLflow", (model) => {
    const known = tracked.of(model);
    return known === null ? "" : trackedBrief(known);
  });
  return [
    ...comparisonLines(columns, width, paint),
    "",
    ...table(
      [
        row("approval", ({ record }) => record.approvalStatus),
        row("snapshot", ({ record }) => record.lineage.snapshotSha256.slice(0, 12)),
        row("spec", ({ record }) => record.lineage.specSha256.slice(0, 12)),
        row("artifact", ({ record }) => record.lineage.artifactVersion),
        ...(mlflow.slice(1).every((text) => text === "") ? [] : [mlflow]),
      ],
      width,
    ),
    "",
    ...prose([sameRows], width),
  ];
}
