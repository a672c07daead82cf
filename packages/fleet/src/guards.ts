import { COMPARABLE_REQUESTS, type Guards, NEGLIGIBLE_LATENCY } from "@perennial/contracts";
import type { FleetFigures } from "./figures.ts";
import type { Moments } from "./moments.ts";
import { count, percent, short } from "./wording.ts";

/** What was found of a model, in words. */
export interface Findings {
  /** What speaks against it. */
  against: string[];
  /** What isn't known yet. */
  missing: string[];
  /** What was measured. */
  found: string[];
}

/** The fleet that a new one is held against. */
export interface Reference {
  figures: FleetFigures;
  /** How it is called: "the fleet before". */
  name: string;
  /** The same after a figure: "12 ms before". */
  aside: string;
}

/** A model that breaks doesn't stay: one request that met a server error is enough. */
export function judgeFailures({ requests, failed, refused }: FleetFigures, findings: Findings): void {
  findings.found.push(`${count(requests, "request")}, ${failed} failed, ${refused} refused`);
  if (failed > 0) findings.against.push(`${count(failed, "request")} met a server error`);
}

/** Holds the share of refused requests against that of another fleet; against none where that answered too few. */
export function judgeRefusals(
  { refused, requests }: FleetFigures,
  { figures, name }: Reference,
  guards: Guards,
  { against }: Findings,
): void {
  const share = refused / requests;
  const usual = figures.requests >= guards.minRequests ? figures.refused / figures.requests : 0;
  if (!(share - usual > guards.refusedShare)) return;
  against.push(
    `${percent(share)} of the requests were refused, ${percent(usual)} by ${name}; at most ` +
      `${percent(guards.refusedShare)} more are allowed`,
  );
}

/**
 * Holds a fleet's latency against what is allowed, and against another fleet.
 *
 * @param isComparable false where the other fleet's latency is of no account.
 */
export function judgeLatency(
  candidate: FleetFigures,
  { figures, name, aside }: Reference,
  isComparable: boolean,
  guards: Guards,
  { against, missing, found }: Findings,
): void {
  // The 99th percentile of a few requests is the slowest one: of those one in ten may be late.
  const isFew = candidate.requests < COMPARABLE_REQUESTS;
  const latency = isFew ? candidate.p90Millis : candidate.p99Millis;
  if (latency === null) {
    missing.push("no latency was measured");
    return;
  }
  const usual = !isComparable || isFew || figures.requests < COMPARABLE_REQUESTS ? null : figures.p99Millis;
  const what = `${isFew ? "p90" : "p99"} of the model's latency`;
  const compared = usual === null ? `not compared with ${name}` : `${short(usual)} ms ${aside}`;
  found.push(`${what} ${short(latency)} ms (${compared})`);
  if (latency > guards.p99Millis) {
    against.push(`${what} is ${short(latency)} ms, at most ${guards.p99Millis} ms are allowed`);
  }
  const isNegligible = latency <= NEGLIGIBLE_LATENCY * guards.p99Millis;
  if (usual === null || isNegligible || latency <= guards.p99Ratio * usual) return;
  against.push(
    `${what} is ${short(latency)} ms, more than ${guards.p99Ratio} times that of ${name} (${short(usual)} ms)`,
  );
}

/** Says that a mean went too far from another one. */
export const shifted = (
  whom: string,
  now: Moments,
  before: Moments,
  shift: number,
  mostAllowed: number,
): string =>
  `the mean prediction for ${whom} went from ${short(before.mean)} to ${short(now.mean)}, ${short(shift)} standard ` +
  `deviations; at most ${mostAllowed} are allowed`;
