import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { ApiError } from "../../local/gateway/interfaces.ts";
import type { Answer, Answers } from "./run-workflow.ts";
import { recordOutcome } from "./service-answers.ts";

type Item = Record<string, AttributeValue>;
type Json = Record<string, unknown>;

/** What verification says against a model. */
export const REASONS = ["2 requests met a server error", "it answers every probe alike (0.5)"];

/** What a trial finds against it, or what it lacks. */
export const TRIAL_REASONS = ["its predictions lose 0.031 more"];

/** The one condition that the workflow writes under. */
const UNFENCED = "attribute_not_exists(#token) OR #token <= :token";

/** An endpoint, its configurations, and the ledger's table: what a rollout changes. */
export class RolloutWorld {
  /** Items by sort key; a rollout touches one partition. */
  readonly table = new Map<string, Item>();
  readonly models = new Set<string>(["baseline-model"]);
  readonly configs = new Set<string>(["baseline-config"]);
  readonly alarms = new Set<string>();
  live = "baseline-config";
  /** What DescribeEndpoint says after an update, one after the other; the last one goes on. */
  statuses = ["Updating", "InService"];
  /** Whether the update ends with the configuration asked for. */
  isRolledBack = false;
  /** Updates, counted from 1, that SageMaker undoes without a word. */
  readonly undone = new Set<number>();
  /** What verification says, one after the other; the last one goes on. */
  verdicts = ["passed"];
  /** Whether no update after the first one changes anything. */
  isStuck = false;
  /** What a trial's looks find, one after the other; the last one goes on. */
  looks = ["passed"];
  /** Instances that the endpoint was scaled to. */
  instances = 3;
  private updates = 0;
  private asked: string | null = null;

  readonly answers: Answers = {
    "dynamodb:GetItem": (input) => this.getItem(input),
    "dynamodb:PutItem": (input) => this.write(input, input["Item"] as Item),
    "dynamodb:UpdateItem": (input) => {
      const values = input["ExpressionAttributeValues"] as Item;
      const item = { ...(input["Key"] as Item), token: values[":token"]!, execution: values[":execution"]! };
      return this.write(input, item);
    },
    "dynamodb:DeleteItem": (input) => {
      this.mustBeUnfenced(input, input["Key"] as Item);
      this.table.delete(sortKey(input["Key"] as Item));
      return {};
    },
    "sagemaker:CreateModel": ({ ModelName }) => add(this.models, ModelName),
    "sagemaker:CreateEndpointConfig": ({ EndpointConfigName }) => add(this.configs, EndpointConfigName),
    "sagemaker:DeleteModel": ({ ModelName }) => remove(this.models, ModelName),
    "sagemaker:DeleteEndpointConfig": ({ EndpointConfigName }) => remove(this.configs, EndpointConfigName),
    "sagemaker:UpdateEndpoint": ({ EndpointConfigName }) => {
      this.asked = String(EndpointConfigName);
      this.updates += 1;
      return {};
    },
    "sagemaker:DescribeEndpoint": () => this.describeEndpoint(),
    "monitoring:PutMetricAlarm": ({ AlarmName }) => add(this.alarms, AlarmName),
    "monitoring:DeleteAlarms": ({ AlarmNames }) => {
      for (const name of AlarmNames as string[]) this.alarms.delete(name);
      return {};
    },
    "lambda:check-capacity": () => ({ summary: "4 of 20 × ml.m5.large are needed while the update runs." }),
    "lambda:probe-endpoint": (input) => {
      const tally = input["tally"] as Json;
      const requests = Number(input["requests"]);
      const versions = { "3": { answered: requests, refused: 0, sum: 1.5, squares: 0.2 } };
      return { ...tally, sent: Number(tally["sent"]) + requests, versions };
    },
    "lambda:verify-rollout": (input) => {
      const status = this.verdicts.length === 1 ? this.verdicts[0] : this.verdicts.shift();
      const reasons = status === "passed" ? [] : REASONS;
      return {
        status,
        round: Number(input["round"]) + 1,
        reasons,
        summary: "45 requests, 0 failed, 0 refused.",
      };
    },
    "lambda:observe-trial": (input) => {
      const status = this.looks.length === 1 ? this.looks[0] : this.looks.shift();
      const reasons = status === "passed" ? [] : TRIAL_REASONS;
      const round = Number(input["round"]) + 1;
      return { status, round, reasons, summary: `${round * 10} outcomes.` };
    },
    "lambda:record-outcome": recordOutcome,
    "sns:Publish": () => ({ MessageId: "1" }),
  };

  /** Keeps `answer` for one state, with the world's own for everything else. */
  with(answers: Answers): Answers {
    return { ...this.answers, ...answers };
  }

  private getItem(input: Json): Json {
    const item = this.table.get(sortKey(input["Key"] as Item));
    return item === undefined ? {} : { Item: item };
  }

  private write(input: Json, item: Item): Json {
    this.mustBeUnfenced(input, item);
    this.table.set(sortKey(item), item);
    return {};
  }

  private mustBeUnfenced(input: Json, item: Item): void {
    if (input["ConditionExpression"] !== UNFENCED)
      throw new Error(`unknown condition ${JSON.stringify(input)}`);
    const token = (input["ExpressionAttributeValues"] as Item)[":token"]!;
    const before = this.table.get(sortKey(item))?.["token"];
    if (before !== undefined && Number(before.N) > Number(token.N)) {
      throw new ApiError("ConditionalCheckFailedException", "The conditional request failed");
    }
  }

  private describeEndpoint(): Json {
    const status =
      this.asked === null || this.statuses.length === 1 ? this.statuses.at(-1)! : this.statuses.shift()!;
    const isRolledBack = this.isRolledBack || this.undone.has(this.updates);
    const isKept = isRolledBack || (this.isStuck && this.live !== this.asked && this.updates > 1);
    if (status === "InService" && this.asked !== null && !isKept) this.live = this.asked;
    const reason = isRolledBack ? { FailureReason: "The deployment was rolled back: an alarm" } : {};
    const ProductionVariants = [{ VariantName: "primary", DesiredInstanceCount: this.instances }];
    return { EndpointStatus: status, EndpointConfigName: this.live, ProductionVariants, ...reason };
  }
}

const sortKey = (item: Item): string => String(item["sk"]?.S);

function add(names: Set<string>, name: unknown): Json {
  names.add(String(name));
  return {};
}

function remove(names: Set<string>, name: unknown): Json {
  if (!names.delete(String(name)))
    throw new ApiError("ValidationException", `Could not find ${String(name)}.`);
  return {};
}

/** The first `times` calls fail with `code`; then `answer` answers. */
export function failingFirst(times: number, code: string, answer: Answer): Answer {
  let left = times;
  return (input, attempt, at) => {
    if (left === 0) return answer(input, attempt, at);
    left -= 1;
    throw new ApiError(code, "no");
  };
}
