import {
  type AdmissionAnswer,
  FUNCTIONS,
  type FunctionEnvironment,
  InvalidInput,
  parse,
} from "@perennial/contracts";
import {
  admit,
  type AdmissionDecision,
  answerOf,
  type Entrance,
  forEachWorkload,
  freeze,
  type Holder,
  retrainInput,
} from "@perennial/ledger";
import type { Telemetry } from "@perennial/telemetry";
import { toRequest, workloadOf } from "./request.ts";

export interface Dependencies {
  entrance: Pick<Entrance, "pass">;
  telemetry: Telemetry;
  workloads: FunctionEnvironment<"admit-retraining">["WORKLOADS"];
  clock: () => Date;
}

/**
 * The one door to a retraining.
 *
 * @throws {InvalidInput} for an event that is no trigger, or that names a workload this stack doesn't hold.
 */
export const createHandler =
  ({ entrance, telemetry, workloads, clock }: Dependencies) =>
  async (event: unknown): Promise<AdmissionAnswer> => {
    const trigger = parse(FUNCTIONS["admit-retraining"].event, event, "event of admit-retraining");
    const request = trigger.kind === "re-entry" || trigger.kind === "freeze" ? null : toRequest(trigger);

    const enter = async (workload: string): Promise<AdmissionDecision[]> => {
      // A record inherits names such as "constructor", which a workload may have too.
      const settings = Object.hasOwn(workloads, workload) ? workloads[workload] : undefined;
      if (settings === undefined) {
        const message = `given ${JSON.stringify(workload)}; expected one of ${Object.keys(workloads).join(", ")}`;
        throw new InvalidInput("event of admit-retraining", [{ path: "workload", message }]);
      }
      const { stateMachineArn, rawUri, snapshotsUri, search, ...limits } = settings;
      const door = { workload, door: "retrain" as const, stateMachineArn };
      const inputOf = (holder: Holder) => retrainInput(workload, holder, { rawUri, snapshotsUri, search });
      const passage = await entrance.pass({ ...door, inputOf }, (before) => {
        const state = trigger.kind === "freeze" ? freeze(before, trigger) : before;
        return admit(state, request, { ...door, ...limits, live: null }, clock());
      });
      return answerOf(workload, passage);
    };

    const asked = trigger.kind === "re-entry" ? Object.keys(workloads) : [workloadOf(trigger)];
    const answer = await forEachWorkload(asked, enter);
    for (const { workload, decision, execution } of answer.decisions) {
      telemetry.log("decided", { trigger: trigger.id, workload, decision, execution });
      if (decision !== "nothing-pending") telemetry.count("AdmissionDecisions", { workload, decision });
    }
    return answer;
  };
