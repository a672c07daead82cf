import { ApiError } from "./interfaces.ts";

/** When to kill a job: so long after its program started, or once its log holds so many lines. */
export type KillPlan = { afterMs: number } | { afterLine: number };

/** What a model's container does wrong: it answers late, or with an error. */
export interface Disturbance {
  delayMs?: number;
  /** Status that it answers with instead of a prediction. */
  status?: number;
}

interface Failure {
  service: string;
  action: string;
  times: number;
  error: ApiError;
}

/** Faults that a test, or a curious person, injects. Each happens as often as it was asked for, then no more. */
export class Faults {
  private failures: Failure[] = [];
  private kills: { name: RegExp; plan: KillPlan }[] = [];
  private readonly rollbacks = new Map<string, number>();
  private disturbances: { modelData: RegExp; disturbance: Disturbance; times: number }[] = [];

  /** Answers the next `times` calls of an action with the service's throttling error, which SDKs retry. */
  throttle(service: string, action: string, times: number): void {
    const error =
      service === "s3"
        ? new ApiError("SlowDown", "Please reduce your request rate.", 503)
        : new ApiError("ThrottlingException", "Rate exceeded", 400);
    this.failAction(service, action, error, times);
  }

  /** Answers the next `times` calls of an action with an error. */
  failAction(service: string, action: string, error: ApiError, times = 1): void {
    this.failures.push({ service, action, error, times });
  }

  /** Kills the next job whose name matches, as a machine that goes away does. */
  killJob(name: RegExp, plan: KillPlan): void {
    this.kills.push({ name, plan });
  }

  /** Makes the next `times` updates of an endpoint come back with the old configuration, `InService`. */
  silentRollback(endpoint: string, times = 1): void {
    this.rollbacks.set(endpoint, times);
  }

  /** Disturbs the next `times` answers of models whose artifact's URI matches. */
  disturbModel(modelData: RegExp, disturbance: Disturbance, times: number): void {
    this.disturbances.push({ modelData, disturbance, times });
  }

  /** Forgets what was asked for and hasn't happened. */
  clear(): void {
    this.failures = [];
    this.kills = [];
    this.disturbances = [];
    this.rollbacks.clear();
  }

  /** The error that this call is to fail with; used up by asking. */
  takeFailure(service: string, action: string): ApiError | undefined {
    const failure = this.failures.find((one) => one.service === service && one.action === action);
    if (failure === undefined) return undefined;
    failure.times -= 1;
    if (failure.times <= 0) this.failures = this.failures.filter((one) => one !== failure);
    return failure.error;
  }

  /** When to kill the job of this name; used up by asking. */
  takeKill(jobName: string): KillPlan | undefined {
    const kill = this.kills.find(({ name }) => name.test(jobName));
    this.kills = this.kills.filter((one) => one !== kill);
    return kill?.plan;
  }

  /** Whether this update of an endpoint is to roll back; used up by asking. */
  takeRollback(endpoint: string): boolean {
    const left = this.rollbacks.get(endpoint) ?? 0;
    if (left === 0) return false;
    this.rollbacks.set(endpoint, left - 1);
    return true;
  }

  /** What a model of this artifact is to do wrong now; used up by asking. */
  takeDisturbance(modelDataUrl: string): Disturbance | undefined {
    const found = this.disturbances.find(({ modelData }) => modelData.test(modelDataUrl));
    if (found === undefined) return undefined;
    found.times -= 1;
    if (found.times <= 0) this.disturbances = this.disturbances.filter((one) => one !== found);
    return found.disturbance;
  }
}
