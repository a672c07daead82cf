import {
  Evaluation,
  type Fault,
  FUNCTIONS,
  type FunctionEnvironment,
  type FunctionEvent,
  InvalidInput,
  parse,
  type Registration,
  Verdict,
} from "@perennial/contracts";
import type { Objects } from "@perennial/objects";
import type { Telemetry } from "@perennial/telemetry";
import { decideApproval } from "./decide-approval.ts";
import { readLineage } from "./lineage.ts";
import type { ModelPackages } from "./packages.ts";
import { registerBaseline } from "./register-baseline.ts";

export interface Dependencies {
  objects: Pick<Objects, "read" | "readDocument">;
  packages: Pick<ModelPackages, "findByExecution" | "findFirst" | "create" | "decide">;
  telemetry: Telemetry;
  workloads: FunctionEnvironment<"register-model">["WORKLOADS"];
  servingImage: string;
  /** Whether the gate's verdict approves a better model by itself; otherwise a person does. */
  isAutomatic: boolean;
}

/**
 * Registers a judged challenger: as pending first, then approved or rejected by its verdict with the reason. The first
 * registration of a workload registers the baseline before it. Asked again about one execution, it finds what it registered;
 * a decision that a person has taken since then stays.
 *
 * @throws {InvalidInput} for an event, a verdict and an evaluation that don't belong together.
 * @throws {ArtifactFault} if an artifact isn't the one that was judged.
 * @throws {ObjectFault} for an object that can't be read.
 */
export const createHandler =
  ({ objects, packages, telemetry, workloads, servingImage, isAutomatic }: Dependencies) =>
  async (event: unknown): Promise<Registration> => {
    const asked = parse(FUNCTIONS["register-model"].event, event, "event of register-model");
    const { workload, execution, challengerUri, ...origin } = asked;
    const { trainingJob, evaluationUri, verdictUri } = origin;
    const settings = workloads[workload];
    if (settings === undefined) {
      const message = `given ${JSON.stringify(workload)}; expected one of ${Object.keys(workloads).join(", ")}`;
      throw new InvalidInput("event of register-model", [{ path: "workload", message }]);
    }
    // What the workflow says of the verdict is for people; what counts is the verdict itself.
    const [verdict, evaluation] = await Promise.all([
      objects.readDocument(verdictUri, Verdict),
      objects.readDocument(evaluationUri, Evaluation),
    ]);
    requireAccord(asked, verdict, evaluation);

    const baseline = await registerBaseline({ workload, settings, servingImage, objects, packages });
    if (baseline !== null) {
      telemetry.log("registered the baseline", { workload, execution, version: baseline.version });
    }

    const { modelPackageGroup } = settings;
    const propose = async (): Promise<Registration> => {
      const archive = await objects.read(challengerUri);
      const { artifactSha256 } = evaluation.challenger;
      const lineage = await readLineage(archive, workload, artifactSha256, { execution, ...origin });
      const description = `${workload} ${lineage.artifactVersion}, trained by ${trainingJob}; verdict: ${verdict.status}`;
      const model = { image: servingImage, modelDataUrl: challengerUri };
      return await packages.create({ modelPackageGroup, ...model, description, lineage });
    };
    const registered = (await packages.findByExecution(modelPackageGroup, execution)) ?? (await propose());
    const decision = decideApproval(verdict, isAutomatic);
    const isOpen = registered.approvalStatus === "PendingManualApproval";
    const registration =
      isOpen && decision !== null ? await packages.decide(registered, decision) : registered;

    const { version, approvalStatus } = registration;
    telemetry.log("registered", { workload, execution, version, approvalStatus });
    telemetry.count("Registrations", { workload, approvalStatus });
    return registration;
  };

/** Event, verdict and evaluation come from three places: only if they speak of one model is it registered. */
function requireAccord(
  { workload, execution, challengerUri, evaluationUri, verdictUri }: FunctionEvent<"register-model">,
  verdict: Verdict,
  evaluation: Evaluation,
): void {
  const faults: Fault[] = (
    [
      ["verdict.workload", verdict.workload, workload],
      ["verdict.execution", verdict.execution, execution],
      ["verdict.evaluationUri", verdict.evaluationUri, evaluationUri],
      ["evaluation.workload", evaluation.workload, workload],
      ["evaluation.execution", evaluation.execution, execution],
      ["evaluation.challenger.modelDataUrl", evaluation.challenger.modelDataUrl, challengerUri],
    ] as const
  ).flatMap(([path, given, expected]) =>
    given === expected ? [] : [{ path, message: `given ${given}; expected ${expected}, the event's` }],
  );
  if (verdict.status === "unchanged") {
    const message =
      "given unchanged; expected a model that differs from the champion, only such a one is registered";
    faults.push({ path: "verdict.status", message });
  }
  if (faults.length > 0) throw new InvalidInput(verdictUri, faults);
}
