import {
  EVENT_SOURCE,
  RETRAINING_REQUESTED,
  type Platform,
  type RetrainingRequested,
  type Registration,
  type VerdictReference,
} from "@perennial/contracts";
import type { LocalCloud } from "./cloud.ts";

type WorkloadOfPlatform = Platform["workloads"][number];

/** How one retraining went, from its request to what is in service. */
export interface RetrainingResult {
  workload: string;
  endpoint: string;
  /** Null where none was started. */
  execution: string | null;
  status: "SUCCEEDED" | "FAILED" | "TIMED_OUT" | "ABORTED" | "HELD";
  /** Why it was held back or failed, or why nothing was judged; null where it came to a verdict. */
  reason: string | null;
  /** Null where nothing was judged: the retraining failed, or the data was refused. */
  verdict: VerdictReference | null;
  /** The challenger's figures on the part that no gate reads. */
  auditUri: string | null;
  registration: Registration | null;
  /** The rollout that followed; null where none was to follow. */
  rollout: { execution: string; status: string; reason: string | null } | null;
  seconds: number;
}

interface Ended {
  status: string;
  name: string;
  output: string | null;
  error: string | null;
  cause: string | null;
}

/** How long an admission may take to be decided, and an approved version to be rolled out. Real time. */
const ADMISSION_MS = 30_000;

/** Asks for a retraining as a person would, and follows it until its model is verified in service or turned down. */
export async function retrain(
  cloud: LocalCloud,
  platform: Platform,
  { name, endpoint, retrainStateMachineArn, rolloutStateMachineArn }: WorkloadOfPlatform,
  reason: string,
  wishes: Pick<RetrainingRequested, "search" | "snapshot"> = {},
): Promise<RetrainingResult> {
  const started = performance.now();
  const seconds = (): number => Math.round((performance.now() - started) / 100) / 10;
  const rollouts = ends(cloud, rolloutStateMachineArn, () => true);
  const admission = decision(cloud, platform.logGroups["admit-retraining"] ?? "");
  const id = cloud.bus.put({
    source: EVENT_SOURCE,
    "detail-type": RETRAINING_REQUESTED,
    detail: { stack: platform.stack, workload: name, reason, requestedBy: "make start", ...wishes },
  });
  const nothing = { verdict: null, auditUri: null, registration: null, rollout: null };
  const base = { workload: name, endpoint, ...nothing };
  const decided = await admission(id);
  if (decided.execution === null) {
    const held = await heldBack(cloud, platform.ledgerTable, name);
    return { ...base, execution: null, status: "HELD", reason: held ?? decided.reason, seconds: seconds() };
  }
  const retrained = await endOf(cloud, retrainStateMachineArn, decided.execution);
  if (retrained.status !== "SUCCEEDED") {
    const why = `${retrained.error ?? retrained.status}: ${retrained.cause ?? "no cause"}`;
    return {
      ...base,
      execution: retrained.name,
      status: retrained.status as "FAILED",
      reason: why,
      seconds: seconds(),
    };
  }
  const output = JSON.parse(retrained.output ?? "{}") as {
    record?: { summary: string };
    verdict?: VerdictReference;
    evaluation?: { auditUri: string };
    registration?: Registration | null;
  };
  const { verdict = null, registration = null } = output;
  if (verdict === null) {
    const told = output.record?.summary ?? "the workflow didn't say why nothing was judged";
    return {
      ...base,
      execution: retrained.name,
      status: "SUCCEEDED",
      reason: told,
      seconds: seconds(),
    };
  }
  const rollout = registration?.approvalStatus === "Approved" ? await rollouts.next(ADMISSION_MS) : null;
  const followed =
    rollout === null
      ? null
      : { execution: rollout.name, status: rollout.status, reason: rollout.cause ?? rollout.error };
  const answer = {
    execution: retrained.name,
    status: "SUCCEEDED",
    reason: null,
    verdict,
    auditUri: output.evaluation?.auditUri ?? null,
    registration,
  } as const;
  return { ...base, ...answer, rollout: followed, seconds: seconds() };
}

/** Whether a challenger was trained and judged and, where it was better, verified in service. */
export function isDone({ status, verdict, registration, rollout }: RetrainingResult): boolean {
  if (status !== "SUCCEEDED" || verdict === null) return false;
  if (verdict.status !== "better" || registration?.approvalStatus !== "Approved") return true;
  return rollout?.status === "SUCCEEDED";
}

/** Why the ledger holds the workload's next retraining back; null where it doesn't. */
async function heldBack(cloud: LocalCloud, TableName: string, workload: string): Promise<string | null> {
  const Key = { pk: { S: `workload#${workload}` }, sk: { S: "admission#retrain" } };
  const { Item } = (await cloud.call("dynamodb", "GetItem", { TableName, Key })) as {
    Item?: { pending?: { M?: { reason?: { S?: string } } } };
  };
  return Item?.pending?.M?.reason?.S ?? null;
}

/** Waits for the decision about an event in the log of `admit-retraining`, which states each one. */
function decision(cloud: LocalCloud, logGroup: string) {
  const decided = new Map<string, { execution: string | null; reason: string }>();
  let look: () => void = () => undefined;
  cloud.logs.onLine((group, _, line) => {
    if (group !== logGroup || !line.includes('"trigger"')) return;
    const { trigger, decision, execution, reason } = JSON.parse(line) as Record<string, string | undefined>;
    if (trigger === undefined) return;
    decided.set(trigger, { execution: execution ?? null, reason: reason ?? decision ?? "no reason given" });
    look();
  });
  return (id: string): Promise<{ execution: string | null; reason: string }> =>
    new Promise((resolve) => {
      const give = (): void => {
        const found = decided.get(id);
        if (found !== undefined) resolve(found);
      };
      look = give;
      setTimeout(() => {
        resolve({ execution: null, reason: "the admission did not answer; see the log of admit-retraining" });
      }, ADMISSION_MS).unref();
      give();
    });
}

function ends(cloud: LocalCloud, machineArn: string, wanted: (name: string) => boolean) {
  const ended: Ended[] = [];
  let hasStarted = false;
  let look: () => void = () => undefined;
  cloud.bus.onEvent(({ source, detail }) => {
    if (source !== "aws.states" || detail["stateMachineArn"] !== machineArn) return;
    if (!wanted(String(detail["name"]))) return;
    if (detail["status"] === "RUNNING") hasStarted = true;
    else ended.push(detail as unknown as Ended);
    look();
  });
  return {
    /** The next end; null where nothing was started within `ms`. */
    next: (ms: number): Promise<Ended | null> =>
      new Promise((resolve) => {
        const give = (): void => {
          const first = ended.shift();
          if (first !== undefined) resolve(first);
        };
        look = give;
        setTimeout(() => {
          if (!hasStarted) resolve(null);
        }, ms).unref();
        give();
      }),
  };
}

async function endOf(cloud: LocalCloud, machineArn: string, name: string): Promise<Ended> {
  const waiting = ends(cloud, machineArn, (other) => other === name);
  const arn = `${machineArn.replace(":stateMachine:", ":execution:")}:${name}`;
  // It may have ended before anyone listened.
  const now = await cloud.call("states", "DescribeExecution", { executionArn: arn });
  if (now["status"] !== "RUNNING") return now as unknown as Ended;
  const ended = await waiting.next(2 ** 31 - 1);
  if (ended === null) throw new Error(`the execution ${name} neither ran nor ended`);
  return ended;
}
