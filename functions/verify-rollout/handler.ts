import type { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import {
  EndpointResponse,
  LIVE_ALIAS,
  parse,
  PROBE_PREFIX,
  VARIANTS,
  type Verification,
  VerificationRequest,
  WorkloadSpec,
} from "@perennial/contracts";
import { type FleetFigures, readFleet, readFunction, readTraffic, type Window } from "@perennial/fleet";
import type { Objects } from "@perennial/objects";
import type { ScoringTarget } from "@perennial/scoring-client";
import type { Telemetry } from "@perennial/telemetry";
import { verify } from "./verify.ts";

/** Who is asked: an endpoint, or a function. */
export type Asked = { endpointName: string } | ScoringTarget;

export interface Dependencies {
  objects: Pick<Objects, "readDocument">;
  cloudWatch: Pick<CloudWatchClient, "send">;
  /** Sends a record to an endpoint or a function under an inference id; answers with the body. */
  ask: (asked: Asked, inferenceId: string, record: object) => Promise<string>;
  telemetry: Telemetry;
  clock: () => Date;
}

/** How long before the rollout what the fleet before did is looked at, too. */
const LOOK_BACK_MS = 3_600_000;

/**
 * Says whether the model that has just gone into service may stay there.
 *
 * @throws {InvalidInput} for an event that is none, {ObjectFault} where the spec can't be read, and CloudWatch's errors: a
 * model about which nothing can be read isn't verified.
 */
export const createHandler =
  ({ objects, cloudWatch, ask, telemetry, clock }: Dependencies) =>
  async (event: unknown): Promise<Verification> => {
    const request = parse(VerificationRequest, event, "event of verify-rollout");
    const { workload, execution, endpointConfigName, version, from, round } = request;
    const { examples, rollout } = await objects.readDocument(request.specUri, WorkloadSpec);
    const startedAt = new Date(request.startedAt);
    const during = { from: startedAt, to: clock() };
    const withPast = { ...during, from: new Date(startedAt.getTime() - LOOK_BACK_MS) };

    const figures = (answered: Answered, window: Window) => figuresOf(cloudWatch, request, answered, window);
    const asked = await askVersion(ask, request, `${PROBE_PREFIX}${execution}-v${round}`, examples[0] ?? {});
    const [candidate, before, now, earlier] = await Promise.all([
      figures({ version, endpointConfigName }, during),
      figures(from, withPast),
      readTraffic(cloudWatch, workload, version, during),
      readTraffic(cloudWatch, workload, from.version, withPast),
    ]);
    const verification = verify(
      { candidate, before, traffic: { candidate: now, before: earlier }, probes: request.tally, asked },
      rollout.guards,
      { version, fromVersion: from.version, isRollback: request.cause.kind === "rollback", round },
    );
    const { status } = verification;
    telemetry.log("verified", { workload, execution, status, round: verification.round });
    if (status !== "insufficient") telemetry.count("Verifications", { workload, status });
    return verification;
  };

async function askVersion(
  ask: Dependencies["ask"],
  whom: Asked,
  inferenceId: string,
  example: object,
): Promise<number | { failure: string }> {
  try {
    const body = await ask(whom, inferenceId, example);
    return parse(EndpointResponse, JSON.parse(body), "the answer").model.version;
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error) };
  }
}

/** A model, and what it answered as: a configuration of the endpoint, or a published version of the function. */
interface Answered {
  version: number;
  endpointConfigName: string;
}

async function figuresOf(
  cloudWatch: Dependencies["cloudWatch"],
  request: VerificationRequest,
  { version, endpointConfigName }: Answered,
  window: Window,
): Promise<FleetFigures> {
  if ("endpointName" in request) {
    const variant = { endpointName: request.endpointName, variant: VARIANTS.champion };
    return await readFleet(cloudWatch, { ...variant, endpointConfigName }, window);
  }
  const { functionName, workload } = request;
  const published = { functionName, alias: LIVE_ALIAS, functionVersion: endpointConfigName };
  return await readFunction(cloudWatch, { ...published, workload, version }, window);
}
