import {
  COMPARABLE_REQUESTS,
  type Guards,
  NEGLIGIBLE_LATENCY,
  type ProbeTally,
  type Verification,
} from "@perennial/contracts";
import { Moments } from "./moments.ts";

/** What CloudWatch says of the fleet behind one endpoint configuration. */
export interface FleetFigures {
  requests: number;
  /** Answered with 4xx and with 5xx. */
  refused: number;
  failed: number;
  /** Percentiles of the model's latency; null where none was measured. */
  p90Millis: number | null;
  p99Millis: number | null;
}

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
  const against: string[] = [];
  const missing: string[] = [];
  const found: string[] = [];

  if (typeof asked !== "number") against.push(`the endpoint doesn't answer an example (${asked.failure})`);
  else if (asked !== question.version) {
    against.push(`an example is answered by version ${asked} instead of ${question.version}`);
  }
  if (candidate.requests < guards.minRequests) {
    missing.push(`${candidate.requests} of at least ${guards.minRequests} requests were counted`);
  }
  found.push(
    `${count(candidate.requests, "request")}, ${candidate.failed} failed, ${candidate.refused} refused`,
  );
  if (candidate.failed > 0) against.push(`${count(candidate.failed, "request")} met a server error`);
  // Few requests say nothing about shares and percentiles.
  if (candidate.requests >= guards.minRequests) {
    judgeRefusals(candidate, before, guards, against);
    judgeLatency(evidence, guards, question, { against, missing, found });
  }
  judgePredictions(evidence, guards, question, { against, missing, found });

  const round = question.round + 1;
  const summary = `${capital(found.join("; "))}.`;
  if (against.length > 0) return { status: "failed", round, reasons: against, summary };
  if (missing.length === 0) return { status: "passed", round, reasons: [], summary };
  if (round < MAX_ROUNDS) return { status: "insufficient", round, reasons: missing, summary };
  return { status: "failed", round, reasons: missing.map((what) => `too little is known: ${what}`), summary };
}

interface Findings {
  against: string[];
  missing: string[];
  found: string[];
}

function judgeRefusals(
  candidate: FleetFigures,
  before: FleetFigures,
  guards: Guards,
  against: string[],
): void {
  const share = candidate.refused / candidate.requests;
  const usual = before.requests >= guards.minRequests ? before.refused / before.requests : 0;
  if (!(share - usual > guards.refusedShare)) return;
  against.push(
    `${percent(share)} of the requests were refused, ${percent(usual)} by the fleet before; at most ` +
      `${percent(guards.refusedShare)} more are allowed`,
  );
}

function judgeLatency(
  { candidate, before }: Evidence,
  guards: Guards,
  { isRollback }: Question,
  { against, missing, found }: Findings,
): void {
  // The 99th percentile of a few requests is the slowest one: of those one in ten may be late.
  const isFew = candidate.requests < COMPARABLE_REQUESTS;
  const latency = isFew ? candidate.p90Millis : candidate.p99Millis;
  if (latency === null) {
    missing.push("no latency was measured");
    return;
  }
  const usual = isRollback || isFew || before.requests < COMPARABLE_REQUESTS ? null : before.p99Millis;
  const what = `${isFew ? "p90" : "p99"} of the model's latency`;
  const compared = usual === null ? "not compared with the fleet before" : `${short(usual)} ms before`;
  found.push(`${what} ${short(latency)} ms (${compared})`);
  if (latency > guards.p99Millis) {
    against.push(`${what} is ${short(latency)} ms, at most ${guards.p99Millis} ms are allowed`);
  }
  const isNegligible = latency <= NEGLIGIBLE_LATENCY * guards.p99Millis;
  if (usual === null || isNegligible || latency <= guards.p99Ratio * usual) return;
  against.push(
    `${what} is ${short(latency)} ms, more than ${guards.p99Ratio} times that of the fleet before (${short(usual)} ms)`,
  );
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

const shifted = (whom: string, now: Moments, before: Moments, shift: number, most: number): string =>
  `the mean prediction for ${whom} went from ${short(before.mean)} to ${short(now.mean)}, ${short(shift)} standard ` +
  `deviations; at most ${most} are allowed`;

const short = (value: number): string => String(Number(value.toPrecision(3)));
const percent = (share: number): string => `${short(100 * share)} %`;
const count = (many: number, noun: string): string => `${many} ${noun}${many === 1 ? "" : "s"}`;
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
