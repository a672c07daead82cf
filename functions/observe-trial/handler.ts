import type { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import {
  FUNCTIONS,
  type Guards,
  InvalidInput,
  isTrial,
  parse,
  type Strategy,
  type TrialRequest,
  type TrialStrategy,
  VARIANTS,
  type Verification,
  WorkloadSpec,
} from "@perennial/contracts";
import {
  count,
  type Findings,
  judgeFailures,
  judgeLatency,
  judgeRefusals,
  readFleet,
  sentence,
} from "@perennial/fleet";
import type { Ledger } from "@perennial/ledger";
import type { Objects } from "@perennial/objects";
import type { Telemetry } from "@perennial/telemetry";
import { gatherEvidence } from "./gather-evidence.ts";
import { waitingRequest } from "./waiting-request.ts";

export interface Dependencies {
  objects: Pick<Objects, "readDocument" | "read" | "readIfThere" | "list" | "write">;
  ledger: Pick<Ledger, "readAdmission">;
  cloudWatch: Pick<CloudWatchClient, "send">;
  lakeBucket: string;
  telemetry: Telemetry;
  clock: () => Date;
}

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** How far back a fleet's figures are looked at: further than from one look to the next. */
const LOOK_BACK_MS = DAY_MS;

/**
 * Says whether a trial goes on, and otherwise how it ended. Called again about the same trial it reads only what has come
 * since.
 *
 * @throws {InvalidInput} for an event that is none and for a workload that isn't tried, {ObjectFault} and the services' errors
 * where something can't be read: nobody is promoted unseen.
 */
export const createHandler =
  (dependencies: Dependencies) =>
  async (event: unknown): Promise<Verification> => {
    const request = parse(FUNCTIONS["observe-trial"].event, event, "event of observe-trial");
    const verification = await observe(dependencies, request);
    const { telemetry } = dependencies;
    const { workload, execution } = request;
    const { status, round } = verification;
    telemetry.log("observed", { workload, execution, status, round });
    if (status !== "insufficient") telemetry.count("Trials", { workload, status });
    return verification;
  };

async function observe(dependencies: Dependencies, request: TrialRequest): Promise<Verification> {
  const { objects, ledger, lakeBucket, clock } = dependencies;
  const now = clock();
  const round = request.round + 1;
  const asked = waitingRequest(await ledger.readAdmission(request.workload, "rollout"), now);
  if (asked !== null) {
    return {
      status: "failed",
      round,
      reasons: [asked],
      summary: "The trial was ended before it knew enough.",
    };
  }
  const { task, rollout } = await objects.readDocument(request.specUri, WorkloadSpec);
  const { guards } = rollout;
  const strategy = trialOf(rollout.strategy, request.workload);
  const [guarded, evidence] = await Promise.all([
    guard(dependencies, request, guards, now),
    gatherEvidence(objects, lakeBucket, request, { task, strategy, guards, now }),
  ]);
  const summary = `${sentence(evidence.found)} ${sentence(guarded.found)}`;
  const against = [...guarded.against, ...evidence.against];
  if (against.length > 0) return { status: "failed", round, reasons: against, summary };
  // An experiment asks what came true; its share of the requests may be small.
  const missing = [...evidence.missing, ...(strategy.kind === "shadow" ? guarded.missing : [])];
  if (missing.length === 0) return { status: "passed", round, reasons: [], summary };
  const { longest, told } = lengthOf(strategy);
  if (now.getTime() - Date.parse(request.startedAt) < longest) {
    return { status: "insufficient", round, reasons: missing, summary };
  }
  const reasons = missing.map((what) => `after ${told} too little is known: ${what}`);
  return { status: "failed", round, reasons, summary };
}

/** Holds the challenger's fleet against the champion's beside it. */
async function guard(
  { cloudWatch }: Dependencies,
  { endpointName, endpointConfigName, startedAt }: TrialRequest,
  guards: Guards,
  now: Date,
): Promise<Findings> {
  const findings: Findings = { against: [], missing: [], found: [] };
  const window = { from: new Date(Math.max(Date.parse(startedAt), now.getTime() - LOOK_BACK_MS)), to: now };
  const [challenger, champion] = await Promise.all(
    [VARIANTS.challenger, VARIANTS.champion].map((variant) =>
      readFleet(cloudWatch, { endpointName, endpointConfigName, variant }, window),
    ),
  );
  if (challenger === undefined || champion === undefined) throw new Error("no figures of a variant");
  judgeFailures(challenger, findings);
  if (challenger.requests < guards.minRequests) {
    findings.missing.push(`${challenger.requests} of at least ${guards.minRequests} requests were counted`);
    return findings;
  }
  const reference = { figures: champion, name: "the champion", aside: "for the champion" };
  judgeRefusals(challenger, reference, guards, findings);
  judgeLatency(challenger, reference, true, guards, findings);
  return findings;
}

function trialOf(strategy: Strategy, workload: string): TrialStrategy {
  if (isTrial(strategy)) return strategy;
  throw new InvalidInput(`spec of ${workload}`, [
    { path: "rollout.strategy.kind", message: `given ${strategy.kind}; expected one of shadow, experiment` },
  ]);
}

function lengthOf(strategy: TrialStrategy): { longest: number; told: string } {
  return strategy.kind === "shadow"
    ? { longest: strategy.maxMinutes * MINUTE_MS, told: count(strategy.maxMinutes, "minute") }
    : { longest: strategy.maxDays * DAY_MS, told: count(strategy.maxDays, "day") };
}
