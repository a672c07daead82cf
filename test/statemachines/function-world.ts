import { ApiError } from "../../local/gateway/interfaces.ts";
import type { Answer, Answers } from "./run-workflow.ts";
import { RolloutWorld } from "./rollout-world.ts";

type Json = Record<string, unknown>;

/** The version that answers when a rollout begins, and the one that a rollout publishes. */
export const BEFORE = "6";
export const PUBLISHED = "7";

/** A scoring function, its published versions and its alias: what a rollout of one changes, beside the ledger and alarms. */
export class FunctionWorld extends RolloutWorld {
  /** Environment by version; `$LATEST` is what the next version is published from. */
  readonly versions = new Map<string, Json>([
    ["$LATEST", {}],
    ["5", {}],
    [BEFORE, {}],
  ]);
  alias: { version: string; weights: Record<string, number> } = { version: BEFORE, weights: {} };
  /** Every way in which the alias led callers, one after the other. */
  readonly led: (typeof this.alias)[] = [];
  /** What the function's configuration is said to be after a change, one after the other; the last one goes on. */
  configurations = ["InProgress", "Successful"];
  /** What goes wrong between the change and the version. */
  onPublish: (environment: Json) => Json = (environment) => environment;
  /** Alarms that are in ALARM when they are looked at. */
  ringing: string[] = [];

  constructor() {
    super();
    Object.assign(this.answers, this.ofFunction);
  }

  private readonly ofFunction: Answers = {
    "lambda:GetAlias": () => this.described(),
    "lambda:UpdateAlias": ({ FunctionVersion, RoutingConfig }) => {
      const { AdditionalVersionWeights: weights } = RoutingConfig as {
        AdditionalVersionWeights: Record<string, number>;
      };
      for (const version of [String(FunctionVersion), ...Object.keys(weights)]) this.mustHave(version);
      this.alias = { version: String(FunctionVersion), weights };
      this.led.push(this.alias);
      return this.described();
    },
    "lambda:UpdateFunctionConfiguration": ({ Environment }) => {
      this.versions.set("$LATEST", (Environment as { Variables: Json }).Variables);
      return {};
    },
    "lambda:GetFunctionConfiguration": ({ Qualifier = "$LATEST" }) => ({
      Version: Qualifier,
      Environment: { Variables: this.mustHave(String(Qualifier)) },
      LastUpdateStatus:
        this.configurations.length === 1 ? this.configurations[0] : this.configurations.shift(),
    }),
    "lambda:PublishVersion": () => {
      const Variables = this.onPublish(this.mustHave("$LATEST"));
      this.versions.set(PUBLISHED, Variables);
      return { Version: PUBLISHED, Environment: { Variables } };
    },
    "lambda:ListVersionsByFunction": () => ({
      Versions: [...this.versions.keys()].map((Version) => ({ Version })),
    }),
    "lambda:DeleteFunction": ({ Qualifier }) => {
      const version = String(Qualifier);
      this.mustHave(version);
      if ([this.alias.version, ...Object.keys(this.alias.weights)].includes(version)) {
        throw new ApiError("ResourceConflictException", `the alias leads to ${version}`, 409);
      }
      this.versions.delete(version);
      return {};
    },
    "monitoring:DescribeAlarms": () => ({
      MetricAlarms: this.ringing.map((AlarmName) => ({ AlarmName, StateReason: "Threshold Crossed" })),
    }),
  };

  private described(): Json {
    const { version: FunctionVersion, weights: AdditionalVersionWeights } = this.alias;
    const isWeighted = Object.keys(AdditionalVersionWeights).length > 0;
    return { FunctionVersion, ...(isWeighted ? { RoutingConfig: { AdditionalVersionWeights } } : {}) };
  }

  private mustHave(version: string): Json {
    const found = this.versions.get(version);
    if (found === undefined) throw new ApiError("ResourceNotFoundException", `no version ${version}`, 404);
    return found;
  }
}

/** Nothing speaks against the model in the first `times` looks; then something does. */
export const failingLater = (times: number, answer: Answer): Answer => {
  let left = times;
  return async (input, attempt, at) => {
    const found = (await answer(input, attempt, at)) as Json;
    left -= 1;
    return left >= 0
      ? { ...found, status: "insufficient" }
      : { ...found, status: "failed", reasons: ["2 requests met a server error"] };
  };
};
