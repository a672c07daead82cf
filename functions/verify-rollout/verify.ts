import type { Guards, ProbeTally, Verification } from "@perennial/contracts";
import {
  count,
  type Findings,
  type FleetFigures,
  judgeFailures,
  judgeLatency,
  judgeRefusals,
  Moments,
  sentence,
  shifted,
  short,
} from "@perennial/fleet";

export interface Evidence {
  candidate: FleetFigures;
  /** The fleet that it replaced: in the hour before the rollout, and during it. */
  before: FleetFigures;
  /** Predictions for callers, by the containers' own metrics. */
  traffic: { candidate: Moments; before: Moments };
  probes: ProbeTally;
  /** Version that answered an example just now, or why none did. */
  asked: number | { failure: string };
}

export interface Question {
  version: number;
  fromVersion: number;
  /** Whoever goes back has judged the model that they leave: the one they go to isn't held against it. */
  isRollback: boolean;
  /** How often it was looked at before. */
  round: number;
}

/** Looks after which too little evidence is a failure. CloudWatch may be some minutes late; a look comes every 15 seconds. */
export const MAX_ROUNDS = 20;
/** Least answers of a model that its predictions are compared by. */
const COMPARABLE_PROBES = 20;
const COMPARABLE_RECORDS = 100;

/** Decides whether the model that has just gone into service may stay there. */
export function verify(evidence: Evidence, guards: Guards, question: Question): Verification {
  const { candidate, before, asked } = evidence;
  const findings: Findings = { against: [], missing: [], found: [] };
  const { against, missing, found } = findings;

  if (typeof asked !== "number") against.push(`it doesn't answer an example (${asked.failure})`);
  else if (asked !== question.version) {
    against.push(`an example is answered by version ${asked} instead of ${question.version}`);
  }
  if (candidate.requests < guards.minRequests) {
    missing.push(`${candidate.requests} of at least ${guards.minRequests} requests were counted`);
  }
  judgeFailures(candidate, findings);
  // Few requests say nothing about shares and percentiles.
  if (candidate.requests >= guards.minRequests) {
    const reference = { figures: before, name: "the fleet before", aside: "before" };
    judgeRefusals(candidate, reference, guards, findings);
    judgeLatency(candidate, reference, !question.isRollback, guards, findings);
  }
  judgePredictions(evidence, guards, question, findings);

  const round = question.round + 1;
  const summary = sentence(found);
  if (against.length > 0) return { status: "failed", round, reasons: against, summary };
  if (missing.length === 0) return { status: "passed", round, reasons: [], summary };
  if (round < MAX_ROUNDS) return { status: "insufficient", round, reasons: missing, summary };
  return { status: "failed", round, reasons: missing.map((what) => `too little is known: ${what}`), summary };
}

function judgePredictions(
  { probes, traffic }: Evidence,
  { meanShift }: Guards,
  { version, fromVersion, isRollback }: Question,
  { against, missing, found }: Findings,
): void {
  const ofVersion = (wanted: number): Moments => {
    const { answered, sum, squares } = probes.versions[wanted] ?? { answered: 0, sum: 0, squares: 0 };
    return new Moments(answered, sum, squares);
  };
  const [candidate, before] = [ofVersion(version), ofVersion(fromVersion)];
  if (candidate.count < COMPARABLE_PROBES) {
    missing.push(
      `${candidate.count} of at least ${COMPARABLE_PROBES} probes were answered by version ${version}`,
    );
    return;
  }
  const mean = `mean prediction for probes ${short(candidate.mean)}`;
  const incomparable = isRollback
    ? "not compared: a rollback"
    : version === fromVersion
      ? "not compared: the same version"
      : before.count < COMPARABLE_PROBES
        ? // A champion that answers nobody must not keep its successor out.
          `not compared with version ${fromVersion}, which answered ${count(before.count, "probe")}`
        : null;
  if (incomparable !== null) {
    found.push(`${mean} (${incomparable})`);
    return;
  }
  found.push(`${mean} (${short(before.mean)} before)`);
  // A model that answers alike has no spread to measure a shift by: the first one replaces a constant.
  if (before.isConstant) return;
  if (candidate.isConstant) against.push(`it answers every probe alike (${short(candidate.mean)})`);
  const shift = candidate.shiftFrom(before);
  if (shift > meanShift) against.push(shifted("probes", candidate, before, shift, meanShift));

  const isBusy = Math.min(traffic.candidate.count, traffic.before.count) >= COMPARABLE_RECORDS;
  if (!isBusy || traffic.before.isConstant) return;
  found.push(
    `mean prediction for callers ${short(traffic.candidate.mean)} (${short(traffic.before.mean)} before)`,
  );
  // Callers didn't send both the same records: what chance explains doesn't count.
  const certain =
    traffic.candidate.shiftFrom(traffic.before) - traffic.candidate.noiseAgainst(traffic.before);
  if (certain > meanShift)
    against.push(shifted("callers", traffic.candidate, traffic.before, certain, meanShift));
}
