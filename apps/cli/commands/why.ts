import { DescribeModelPackageCommand } from "@aws-sdk/client-sagemaker";
import { type HistoryEntry, type RegistryRecord, toRegistryRecord, type Verdict } from "@perennial/contracts";
import type { Connection, Context, Where } from "../context.ts";
import { readAudit, readEvaluation, readVerdict } from "../documents.ts";
import { CliFault, EXIT, type ExitCode } from "../exit.ts";
import { prose, table } from "../output/layout.ts";
import { because, moment, span } from "../output/phrases.ts";
import type { Terminal } from "../output/terminal.ts";
import { type Quality, qualityLines } from "../quality-text.ts";
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
  const { name: workload, modelPackageGroup } = chosenWorkload(connection.platform, name);
  if (version === 0) {
    throw new CliFault(
      EXIT.notFound,
      `Version 0 of ${workload} is the baseline that the program itself puts in service: it was never trained or judged.`,
    );
  }
  const record = await readVersion(connection, workload, modelPackageGroup, version);
  const { execution, verdictUri } = record.lineage;
  const history = await connection.ledger.listHistory(workload, { limit: SEARCHED });
  const events = history.filter((entry) =>
    entry.kind === "rollout" ? entry.to === version || entry.from === version : entry.execution === execution,
  );
  const verdict = verdictUri === "none" ? null : await readVerdict(connection, verdictUri);
  const quality = await readQuality(connection, record);
  return { workload, version: record, verdict, quality, events: events.toReversed() };
}

async function readQuality(
  connection: Connection,
  { lineage: { evaluationUri, auditUri } }: RegistryRecord,
): Promise<Quality | null> {
  if (evaluationUri === "none" || auditUri === "none") return null;
  const [{ holdout, challenger }, audit] = await Promise.all([
    readEvaluation(connection, evaluationUri),
    readAudit(connection, auditUri),
  ]);
  return {
    holdout: { rows: holdout.rows, groups: holdout.groups, metrics: challenger.metrics },
    audit: { rows: audit.part.rows, groups: audit.part.groups, metrics: audit.metrics },
  };
}

async function readVersion(
  { sageMaker, platform }: Connection,
  workload: string,
  group: string,
  version: number,
): Promise<RegistryRecord> {
  const { region, accountId } = platform;
  const ModelPackageName = `arn:aws:sagemaker:${region}:${accountId}:model-package/${group}/${version}`;
  try {
    const described = await sageMaker.send(new DescribeModelPackageCommand({ ModelPackageName }));
    return toRegistryRecord(workload, described);
  } catch (error) {
    if (!(error instanceof Error) || !/does not exist|not found/i.test(error.message)) throw error;
    throw new CliFault(
      EXIT.notFound,
      `${workload} has no version ${version} in the model package group ${group}; perennial history ${workload} names those there are.`,
      { cause: error },
    );
  }
}

async function whyExecution(connection: Connection, execution: string): Promise<Explanation> {
  const { name: workload, modelPackageGroup } = workloadOfExecution(connection.platform, execution);
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
  const number = entry.kind === "retraining" ? entry.version : entry.to;
  const version =
    number === null || number === 0
      ? null
      : await readVersion(connection, workload, modelPackageGroup, number);
  // A retraining that registered nothing was judged too; a rollout puts in service what another execution judged.
  const own = entry.kind === "retraining" ? entry.verdictUri : null;
  const verdictUri = own ?? version?.lineage.verdictUri ?? "none";
  const verdict = verdictUri === "none" ? null : await readVerdict(connection, verdictUri);
  const quality = version === null ? null : await readQuality(connection, version);
  return { workload, version, verdict, quality, events };
}

/** An explanation as text. */
export function explanationLines(
  { workload, version, verdict, quality, events }: Explanation,
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
    ...(quality === null ? [] : ["", ...qualityLines(quality, width, paint)]),
    ...events.flatMap((entry) => ["", ...prose(eventLines(entry, verdict), width)]),
    ...(version === null ? [] : ["", ...table(lineageRows(version), width)]),
  ];
}

function eventLines(entry: HistoryEntry, verdict: Verdict | null): string[] {
  const { kind, outcome, execution, startedAt, endedAt, cause, summary } = entry;
  const took = span(Date.parse(endedAt) - Date.parse(startedAt));
  return [
    `${kind} ${execution}: ${outcome}, started ${moment(startedAt)} UTC, took ${took}`,
    `  asked for: ${withoutReason(because(cause), verdict)}`,
    `  ${withoutReason(summary, verdict)}`,
  ];
}

function lineageRows({ modelPackageArn, modelDataUrl, lineage }: RegistryRecord): string[][] {
  const { trainingJob, dataSha256, specSha256, codeSha256 } = lineage;
  const short = (sha256: string): string => sha256.slice(0, 12);
  return [
    ["model package", modelPackageArn],
    ["artifact", modelDataUrl],
    ["training job", trainingJob],
    ["made from", `data ${short(dataSha256)}, spec ${short(specSha256)}, code ${short(codeSha256)}`],
  ];
}
