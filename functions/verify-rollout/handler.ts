import type { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import {
  EndpointResponse,
  parse,
  PROBE_PREFIX,
  VARIANTS,
  type Verification,
  VerificationRequest,
  WorkloadSpec,
} from "@perennial/contracts";
import { readFleet, readTraffic } from "@perennial/fleet";
import type { Objects } from "@perennial/objects";
import type { Telemetry } from "@perennial/telemetry";
import { verify } from "./verify.ts";

export interface Dependencies {
  objects: Pick<Objects, "readDocument">;
  cloudWatch: Pick<CloudWatchClient, "send">;
  /** Sends a record to an endpoint under an inference id; answers with the body. */
  ask: (endpointName: string, inferenceId: string, record: object) => Promise<string>;
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
    const { workload, execution, endpointName, endpointConfigName, version, from, round } = request;
    const { examples, rollout } = await objects.readDocument(request.specUri, WorkloadSpec);
    const startedAt = new Date(request.startedAt);
    const during = { from: startedAt, to: clock() };
    const withPast = { ...during, from: new Date(startedAt.getTime() - LOOK_BACK_MS) };

    const asked = await askVersion(
      ask,
      endpointName,
      `${PROBE_PREFIX}${execution}-v${round}`,
      examples[0] ?? {},
    );
    const variant = { endpointName, variant: VARIANTS.champion };
    const [candidate, before, now, earlier] = await Promise.all([
      readFleet(cloudWatch, { ...variant, endpointConfigName }, during),
      readFleet(cloudWatch, { ...variant, endpointConfigName: from.endpointConfigName }, withPast),
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
  endpointName: string,
  inferenceId: string,
  example: object,
): Promise<number | { failure: string }> {
  try {
    const body = await ask(endpointName, inferenceId, example);
    return parse(EndpointResponse, JSON.parse(body), "the endpoint's answer").model.version;
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error) };
  }
}
