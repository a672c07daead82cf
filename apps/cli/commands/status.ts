import { GetAliasCommand } from "@aws-sdk/client-lambda";
import { DescribeEndpointCommand } from "@aws-sdk/client-sagemaker";
import { ExecutionName, type HistoryEntry, type Pointer, type Trial } from "@perennial/contracts";
import type { AdmissionState } from "@perennial/ledger";
import type { Connection, Context, Where } from "../context.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { type Frozen, frozenOf } from "../frozen.ts";
import { table } from "../output/layout.ts";
import { ago, because, brief, modelName, moment, share } from "../output/phrases.ts";
import type { Paint, Terminal } from "../output/terminal.ts";
import { findWorkload, type PlatformWorkload } from "../workload.ts";

export interface StatusOptions extends Where {
  json?: boolean;
}

/** How a workload stands. */
export interface WorkloadStatus {
  workload: string;
  /** Name of the endpoint that answers, or of the function. */
  endpoint: string;
  /** SageMaker's word for the endpoint's state, and for that of a function; null where there is no such endpoint or function. */
  state: string | null;
  /** Configuration that the endpoint runs with; of a function, the number of the published version that answers. */
  endpointConfig: string | null;
  champion: {
    version: number;
    execution: string | null;
    since: string | null;
    modelPackageArn: string | null;
  };
  /** Two models that are in service beside each other; null outside a trial. */
  trial: (Trial & { isUnderWay: boolean }) | null;
  /** Why the endpoint isn't what the pointer says; null where they agree. */
  difference: string | null;
  running: { kind: "retraining" | "rollout"; execution: string; since: string; cause: string }[];
  /** Null where nothing holds back retrainings and rollouts. */
  frozen: Frozen | null;
  waiting: { kind: "retraining" | "rollout"; count: number; until: string; reason: string }[];
  lastOutcome: HistoryEntry | null;
}

/** Prints how every workload of a stack stands. */
export async function status(
  context: Context,
  name: string | undefined,
  options: StatusOptions,
): Promise<ExitCode> {
  const connection = await context.connect(options);
  const { platform, stack, url } = connection;
  const now = context.clock.now();
  const chosen = name === undefined ? platform.workloads : [findWorkload(platform, name)];
  const workloads = await Promise.all(chosen.map((workload) => statusOf(connection, workload, now)));
  const { terminal } = context;
  if (options.json) {
    terminal.out(`${JSON.stringify({ stack, url, region: platform.region, workloads })}\n`);
  } else {
    const where = url === null ? `in ${platform.region}, account ${platform.accountId}` : `at ${url}`;
    terminal.out(`${terminal.paint("bold", stack)} ${where}\n`);
    const lines = workloads.flatMap((workload) => ["", ...statusLines(workload, now, terminal)]);
    for (const line of lines) terminal.out(`${line}\n`);
  }
  return EXIT.ok;
}

async function statusOf(
  connection: Connection,
  workload: PlatformWorkload,
  now: Date,
): Promise<WorkloadStatus> {
  const { ledger } = connection;
  const [endpoint, pointer, trial, retrain, rollout, history] = await Promise.all([
    readLive(connection, workload),
    ledger.readPointer(workload.name),
    ledger.readTrial(workload.name),
    ledger.readAdmission(workload.name, "retrain"),
    ledger.readAdmission(workload.name, "rollout"),
    ledger.listHistory(workload.name, { limit: 1 }),
  ]);
  const doors = [
    ["retraining", retrain],
    ["rollout", rollout],
  ] as const;
  const isMoving = rollout.holder !== null && Date.parse(rollout.holder.expiresAt) > now.getTime();
  return {
    workload: workload.name,
    endpoint: workload.endpoint,
    state: endpoint?.state ?? null,
    endpointConfig: endpoint?.config ?? null,
    champion: {
      version: pointer?.version ?? 0,
      execution: pointer?.execution ?? null,
      since: pointer?.movedAt ?? null,
      modelPackageArn: pointer?.modelPackageArn ?? null,
    },
    trial: trial === null ? null : { ...trial, isUnderWay: rollout.holder?.execution === trial.execution },
    difference: isMoving ? null : differenceOf(pointer, endpoint?.config ?? null, runsWith(workload)),
    running: doors.flatMap(([kind, state]) => runningOf(kind, state)),
    frozen: frozenOf(retrain, now),
    waiting: doors.flatMap(([kind, state]) => waitingOf(kind, state)),
    lastOutcome: history[0] ?? null,
  };
}

interface Live {
  state: string;
  config: string | null;
}

const readLive = (
  connection: Connection,
  { endpoint, functionAlias }: PlatformWorkload,
): Promise<Live | null> =>
  functionAlias === undefined
    ? readEndpoint(connection, endpoint)
    : readFunction(connection, endpoint, functionAlias);

/** A function in SageMaker's words: as long as a part of the requests is led past the alias's version, it is being updated. */
async function readFunction(
  { lambda }: Pick<Connection, "lambda">,
  FunctionName: string,
  Name: string,
): Promise<Live | null> {
  try {
    const { FunctionVersion, RoutingConfig } = await lambda.send(new GetAliasCommand({ FunctionName, Name }));
    const isShared = Object.keys(RoutingConfig?.AdditionalVersionWeights ?? {}).length > 0;
    return { state: isShared ? "Updating" : "InService", config: FunctionVersion ?? null };
  } catch (error) {
    if (error instanceof Error && error.name === "ResourceNotFoundException") return null;
    throw error;
  }
}

async function readEndpoint(
  { sageMaker }: Pick<Connection, "sageMaker">,
  EndpointName: string,
): Promise<Live | null> {
  try {
    const answer = await sageMaker.send(new DescribeEndpointCommand({ EndpointName }));
    return { state: answer.EndpointStatus ?? "Unknown", config: answer.EndpointConfigName ?? null };
  } catch (error) {
    // SageMaker has no error of its own for an endpoint that doesn't exist.
    if (error instanceof Error && /could not find|does not exist/i.test(error.message)) return null;
    throw error;
  }
}

const runsWith = ({ functionAlias }: PlatformWorkload): string =>
  functionAlias === undefined ? "the endpoint runs with" : "the function answers as its version";

/** Why the live configuration isn't the pointer's. Without a pointer the baseline is meant, which no rollout has named. */
export function differenceOf(
  pointer: Pointer | null,
  liveConfig: string | null,
  runs = "the endpoint runs with",
): string | null {
  if (liveConfig === null) return null;
  if (pointer === null) {
    if (!ExecutionName.safeParse(liveConfig.replace(/-trial$/, "")).success) return null;
    return `The ledger names no model, but ${runs} ${liveConfig}, which a rollout made.`;
  }
  if (pointer.endpointConfigName === liveConfig) return null;
  return (
    `The ledger names version ${pointer.version} (${pointer.endpointConfigName}), but ${runs} ${liveConfig}. ` +
    // Promoting what the ledger takes to be live would be answered with "already in service".
    'Bring up the ledger\'s anew: a "Rollout Requested" event of the kind image.'
  );
}

const runningOf = (kind: "retraining" | "rollout", { holder }: AdmissionState): WorkloadStatus["running"] =>
  holder === null
    ? []
    : [{ kind, execution: holder.execution, since: holder.acquiredAt, cause: because(holder.cause) }];

const waitingOf = (kind: "retraining" | "rollout", { pending }: AdmissionState): WorkloadStatus["waiting"] =>
  pending === null ? [] : [{ kind, count: pending.count, until: pending.until, reason: pending.reason }];

/** One workload's status as text. */
export function statusLines(
  workload: WorkloadStatus,
  now: Date,
  { width, paint }: Pick<Terminal, "width" | "paint">,
): string[] {
  const { champion, lastOutcome, difference, frozen } = workload;
  const rows = [
    ["endpoint", `${workload.endpoint}, ${stateText(workload.state, paint)}`],
    [
      "champion",
      champion.since === null
        ? "the baseline, until a first retraining is better"
        : `${modelName(champion.version)}, since ${moment(champion.since)} UTC (${ago(champion.since, now)})`,
    ],
    ...workload.running.map(({ kind, execution, since, cause }) => [
      "running",
      `${kind} ${execution}, started ${ago(since, now)} (${cause})`,
    ]),
    ...(workload.trial === null ? [] : [["trial", trialText(workload.trial, now)]]),
    ...(frozen === null
      ? []
      : [[paint("yellow", "frozen"), `until ${moment(frozen.until)} UTC by ${frozen.by}: ${frozen.reason}`]]),
    ...workload.waiting.map(({ kind, count, until, reason }) => [
      "waiting",
      `${count} ${kind} request${count === 1 ? "" : "s"} until ${moment(until)} UTC: ${reason}`,
    ]),
    [
      "last",
      lastOutcome === null
        ? "nothing yet"
        : `${lastOutcome.kind} ${lastOutcome.outcome}, ${ago(lastOutcome.endedAt, now)}: ${brief(lastOutcome.summary)}`,
    ],
    ...(difference === null ? [] : [[paint("red", "DIFFERS"), difference]]),
  ];
  return [
    paint("bold", workload.workload),
    ...table(
      rows.map(([title = "", ...rest]) => [`  ${title}`, ...rest]),
      width,
    ),
  ];
}

function trialText(trial: NonNullable<WorkloadStatus["trial"]>, now: Date): string {
  const { kind, stickyBy, startedAt } = trial;
  const part = `${share(trial.share)} of the requests${kind === "shadow" ? " copied" : ""}`;
  const sticky = stickyBy === null ? "" : ` by ${stickyBy}`;
  const text =
    `${kind} of ${modelName(trial.to)} beside ${modelName(trial.from)}, ${part}${sticky}, ` +
    `since ${moment(startedAt)} UTC (${ago(startedAt, now)})`;
  return trial.isUnderWay ? text : `${text}; its rollout ended without closing it`;
}

function stateText(state: string | null, paint: Paint): string {
  if (state === null) return paint("red", "does not exist");
  return paint(state === "InService" ? "green" : "yellow", state);
}
