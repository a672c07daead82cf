import type { SageMakerClient } from "@aws-sdk/client-sagemaker";
import {
  type AdmissionAnswer,
  FUNCTIONS,
  type FunctionEnvironment,
  InvalidInput,
  parse,
  RolloutTarget,
  type RolloutTrigger,
} from "@perennial/contracts";
import {
  admit,
  type Admission,
  type AdmissionDecision,
  answerOf,
  type Decision,
  type Declined,
  type Entrance,
  forEachWorkload,
  freeze,
  freezeEntry,
  type Holder,
  type Ledger,
  renew,
  rolloutInput,
} from "@perennial/ledger";
import type { Telemetry } from "@perennial/telemetry";
import { type AskingTrigger, causeOf } from "./cause.ts";
import {
  asBaseline,
  type Candidate,
  type Choice,
  chooseForApproval,
  chooseForRequest,
  chooseVersion,
  type Situation,
  withoutUnapproved,
} from "./choose-target.ts";
import { modelPackageArn, readModelPackage } from "./model-package.ts";

type Workloads = FunctionEnvironment<"admit-rollout">["WORKLOADS"];

export interface Dependencies {
  ledger: Pick<Ledger, "readPointer" | "appendHistory">;
  entrance: Pick<Entrance, "pass">;
  sageMaker: Pick<SageMakerClient, "send">;
  telemetry: Telemetry;
  workloads: Workloads;
  clock: () => Date;
}

/**
 * The one door to an endpoint. What it refuses is answered, logged and counted, not tried again.
 *
 * @throws {InvalidInput} for an event that is no trigger, or that names a workload or group this stack doesn't hold.
 */
export const createHandler =
  ({ ledger, entrance, sageMaker, telemetry, workloads, clock }: Dependencies) =>
  async (event: unknown): Promise<AdmissionAnswer> => {
    const trigger = parse(FUNCTIONS["admit-rollout"].event, event, "event of admit-rollout");

    const enter = async (workload: string): Promise<AdmissionDecision[]> => {
      const { stateMachineArn, modelPackageGroup, leaseMinutes, baselineSha256 } = settingsOf(
        workloads,
        workload,
      );
      const door = { workload, door: "rollout" as const, stateMachineArn };
      const find = async (version: number): Promise<Candidate | Declined> => {
        const arn = modelPackageArn(stateMachineArn, modelPackageGroup, Math.max(version, 1));
        const found = await readModelPackage(sageMaker, workload, arn);
        return version === 0 ? asBaseline(found, baselineSha256) : found;
      };
      let dropped: Declined[] = [];

      const inputOf = (holder: Holder) => rolloutInput(workload, holder);
      const passage = await entrance.pass(
        { ...door, inputOf },
        async (before): Promise<Admission<Decision | Declined>> => {
          const now = clock();
          // Read after the state: a rollout that moves the pointer in between has changed the state first, and the
          // decision is made anew.
          const pointer = await ledger.readPointer(workload);
          // Before the first rollout there is no version to bring up anew, so that no request without a target is admitted.
          const live = pointer === null ? null : RolloutTarget.strip().parse(pointer);
          const terms = { ...door, leaseMinutes, coolDownMinutes: 0, dailyBudget: Infinity, live };

          let state = renew(trigger.kind === "freeze" ? freeze(before, trigger) : before, leaseMinutes, now);
          const waiting = state.pending?.target;
          dropped = [];
          if (waiting) ({ state, dropped } = withoutUnapproved(state, await find(waiting.version), live));
          if (trigger.kind === "re-entry" || trigger.kind === "freeze") return admit(state, null, terms, now);

          const choice = await choose(trigger, { pointer, baselineSha256, state, now }, find);
          if (choice.kind !== "ask") return { state, decision: choice };
          return admit(state, choice.request, terms, now);
        },
      );
      // Written at this door alone, after the state that it tells of.
      if (trigger.kind === "freeze") await ledger.appendHistory(freezeEntry(trigger, stateMachineArn));
      const declined = dropped.flatMap((decision) => answerOf(workload, { decision, started: null }));
      return [...declined, ...answerOf(workload, passage)];
    };

    const answer = await forEachWorkload(askedWorkloads(trigger, workloads), enter);
    for (const { workload, decision, execution } of answer.decisions) {
      telemetry.log("decided", { trigger: trigger.id, workload, decision, execution });
      if (decision !== "nothing-pending") telemetry.count("AdmissionDecisions", { workload, decision });
    }
    return answer;
  };

async function choose(
  trigger: AskingTrigger,
  situation: Situation,
  find: (version: number) => Promise<Candidate | Declined>,
): Promise<Choice> {
  const cause = causeOf(trigger);
  // A duplicate is recognised by its id, whatever else became of its version since.
  if (situation.state.seen.includes(cause.id)) return { kind: "ask", request: { cause, target: null } };
  if (trigger.kind === "approval") {
    const found = await find(trigger.version);
    return "kind" in found ? found : chooseForApproval(cause, found, situation);
  }
  const chosen = chooseVersion(trigger.detail, situation.pointer);
  if ("kind" in chosen) return chosen;
  if (chosen.version === null) return { kind: "ask", request: { cause, target: null } };
  const found = await find(chosen.version);
  return "kind" in found ? found : chooseForRequest(cause, found, situation);
}

function askedWorkloads(trigger: RolloutTrigger, workloads: Workloads): string[] {
  if (trigger.kind === "re-entry") return Object.keys(workloads);
  if (trigger.kind === "request" || trigger.kind === "freeze") return [trigger.detail.workload];
  const group = trigger.modelPackageGroup;
  const owner = Object.keys(workloads).find((name) => workloads[name]?.modelPackageGroup === group);
  if (owner !== undefined) return [owner];
  const groups = Object.values(workloads).map(({ modelPackageGroup }) => modelPackageGroup);
  throw unknown("modelPackageGroup", group, groups);
}

function settingsOf(workloads: Workloads, workload: string): Workloads[string] {
  // A record inherits names such as "constructor", which a workload may have too.
  const settings = Object.hasOwn(workloads, workload) ? workloads[workload] : undefined;
  if (settings === undefined) throw unknown("detail.workload", workload, Object.keys(workloads));
  return settings;
}

const unknown = (path: string, given: string, known: string[]): InvalidInput => {
  const message = `given ${JSON.stringify(given)}; expected one of ${known.join(", ")}`;
  return new InvalidInput("event of admit-rollout", [{ path, message }]);
};
