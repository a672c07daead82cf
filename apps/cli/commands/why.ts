import type { GateReport, HistoryEntry, RegistryRecord, Verdict } from "@perennial/contracts";
import type { Connection, Context, Where } from "../context.ts";
import { readGate, readVerdict } from "../documents.ts";
import { CliFault, EXIT, type ExitCode } from "../exit.ts";
import { gateLines, gateSummary } from "../gate-text.ts";
import { lineageRows } from "../lineage-text.ts";
import { prose, table } from "../output/layout.ts";
import { because, moment, span } from "../output/phrases.ts";
import type { Paint, Terminal } from "../output/terminal.ts";
import { type Quality, qualityLines } from "../quality-text.ts";
import { readQuality, readVersion } from "../registry.ts";
import { verdictLines, withoutReason } from "../verdict-text.ts";
import { chosenWorkload, workloadOfExecution } from "../workload.ts";

export interface WhyOptions extends Where {
  workload?: string;
  json?: boolean;
}

/** All that is known about one version or one execution. */
export interface Explanation {
  workload: string;
  /** The registry's record; null for an execution that registered nothing. */
  version: RegistryRecord | null;
  /** What the data gate found; null where it was never asked. */
  gate: GateReport | null;
  verdict: Verdict | null;
  /** Figures of the version; null where it was never evaluated. */
  quality: Quality | null;
  /** Retraining and rollouts, oldest first. */
  events: HistoryEntry[];
}

/** How far back the history is searched. */
const SEARCHED = 1000;

/** Explains in words and numbers why a version is, or isn't, in service; or how an execution ended. */
export async function why(context: Context, what: string, options: WhyOptions): Promise<ExitCode> {
  const connection = await context.connect(options);
  const explanation = /^\d+$/.test(what)
    ? await whyVersion(connection, Number(what), options.workload)
    : await whyExecution(connection, what);
  const { terminal } = context;
  if (options.json) terminal.out(`${JSON.stringify(explanation)}\n`);
  else for (const line of explanationLines(explanation, terminal)) terminal.out(`${line}\n`);
  return EXIT.ok;
}

async function whyVersion(
  connection: Connection,
  version: number,
  name: string | undefined,
): Promise<Explanation> {
  const chosen = chosenWorkload(connection.platform, name);
  const workload = chosen.name;
  if (version === 0) {
    throw new CliFault(
      EXIT.notFound,
      `Version 0 of ${workload} is the baseline that the program itself puts in service: it was never trained or judged.`,
    );
  }
  const { record } = await readVersion(connection, chosen, version);
  const { execution, verdictUri, gateUri } = record.lineage;
  const history = await connection.ledger.listHistory(workload, { limit: SEARCHED });
  const events = history.filter((entry) =>
    entry.kind === "rollout" ? entry.to === version || entry.from === version : entry.execution === execution,
  );
  const verdict = verdictUri === "none" ? null : await readVerdict(connection, verdictUri);
  const gate = gateUri === "none" ? null : await readGate(connection, gateUri);
  const quality = await readQuality(connection, record);
  return { workload, version: record, gate, verdict, quality, events: events.toReversed() };
}

async function whyExecution(connection: Connection, execution: string): Promise<Explanation> {
  const owner = workloadOfExecution(connection.platform, execution);
  const workload = owner.name;
  const history = await connection.ledger.listHistory(workload, { limit: SEARCHED });
  const events = history.filter((entry) => entry.execution === execution).toReversed();
  const [entry] = events;
  if (entry === undefined) {
    const doors = await Promise.all([
      connection.ledger.readAdmission(workload, "retrain"),
      connection.ledger.readAdmission(workload, "rollout"),
    ]);
    const isRunning = doors.some(({ holder }) => holder?.execution === execution);
    throw new CliFault(
      EXIT.notFound,
      isRunning
        ? `${execution} is still running: perennial status tells how far it is, its outcome comes at its end.`
        : `The history of ${workload} holds no execution ${execution} among its last ${SEARCHED}.`,
    );
  }
  const number = entry.kind === "retraining" ? entry.version : entry.kind === "rollout" ? entry.to : null;
  const version =
    number === null || number === 0 ? null : (await readVersion(connection, owner, number)).record;
  // A retraining that registered nothing was judged too; a rollout puts in service what another execution judged.
  const own = entry.kind === "retraining" ? entry.verdictUri : null;
  const verdictUri = own ?? version?.lineage.verdictUri ?? "none";
  const verdict = verdictUri === "none" ? null : await readVerdict(connection, verdictUri);
  const gateUri = (entry.kind === "retraining" ? entry.gateUri : version?.lineage.gateUri) ?? "none";
  const gate = gateUri === "none" ? null : await readGate(connection, gateUri);
  const quality = version === null ? null : await readQuality(connection, version);
  return { workload, version, gate, verdict, quality, events };
}

/** An explanation as text. */
export function explanationLines(
  { workload, version, gate, verdict, quality, events }: Explanation,
  { width, paint }: Pick<Terminal, "width" | "paint">,
): string[] {
  const head =
    version === null
      ? paint("bold", workload)
      : `${paint("bold", `${workload}, version ${version.version}`)}: ${version.approvalStatus}`;
  return [
    head,
    // A judged model's approval description is its verdict's reason.
    ...(version === null || verdict !== null ? [] : prose([version.approvalDescription], width)),
    ...(verdict === null ? [] : ["", ...verdictLines(verdict, width, paint)]),
    ...(gate === null ? [] : ["", ...gateText(gate, width, paint)]),
    ...(quality === null ? [] : ["", ...qualityLines(quality, width, paint)]),
    ...events.flatMap((entry) => ["", ...prose(eventLines(entry, verdict), width)]),
    ...(version === null ? [] : ["", ...table(lineageRows(version), width)]),
  ];
}

/** What was refused is told in full, what was accepted in a sentence. */
const gateText = (gate: GateReport, width: number, paint: Paint): string[] =>
  gate.status === "refused" ? gateLines(gate, width, paint) : prose([gateSummary(gate)], width);

function eventLines(entry: HistoryEntry, verdict: Verdict | null): string[] {
  const { kind, outcome, execution, startedAt, endedAt, cause, summary } = entry;
  const took = span(Date.parse(endedAt) - Date.parse(startedAt));
  return [
    `${kind} ${execution}: ${outcome}, started ${moment(startedAt)} UTC, took ${took}`,
    `  asked for: ${withoutReason(because(cause), verdict)}`,
    `  ${withoutReason(summary, verdict)}`,
  ];
}
