import { parse, PROBE_PREFIX, ProbeRequest, type ProbeTally, WorkloadSpec } from "@perennial/contracts";
import type { Objects } from "@perennial/objects";
import type { ScoringTarget } from "@perennial/scoring-client";
import type { Telemetry } from "@perennial/telemetry";
import { addAnswer, type ProbeAnswer } from "./tally.ts";

/** Who is asked: an endpoint, or a function. */
export type Asked = { endpointName: string } | ScoringTarget;

export interface Dependencies {
  objects: Pick<Objects, "readDocument">;
  /** Sends a record to an endpoint or a function under an inference id. */
  ask: (asked: Asked, inferenceId: string, record: object) => Promise<ProbeAnswer>;
  telemetry: Telemetry;
}

/** Probes under way at once: a quiet endpoint is to be asked, not loaded. */
const LANES = 4;

/**
 * Sends the workload's examples to its endpoint or function, one after the other and all over again, under inference ids that tell them
 * from requests of callers. Called again with the tally that it answered, it goes on where it stopped.
 *
 * @throws {InvalidInput} for an event that is none, {ObjectFault} where the spec can't be read. One that doesn't answer
 * is no error: that is what is being found out.
 */
export const createHandler =
  ({ objects, ask, telemetry }: Dependencies) =>
  async (given: unknown): Promise<ProbeTally> => {
    const event = parse(ProbeRequest, given, "event of probe-endpoint");
    const { workload, execution, specUri, requests } = event;
    const { examples } = await objects.readDocument(specUri, WorkloadSpec);
    let next = event.tally.sent;
    const end = next + requests;
    let { tally } = event;
    const lane = async (): Promise<void> => {
      while (next < end) {
        const number = next++;
        const example = examples[number % examples.length] ?? {};
        const answer = await ask(event, `${PROBE_PREFIX}${execution}-${number}`, example);
        // Read after the wait: other lanes have added to it meanwhile.
        tally = addAnswer(tally, answer);
      }
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    const { sent, failed } = tally;
    telemetry.log("probed", { workload, execution, sent, failed });
    return tally;
  };
