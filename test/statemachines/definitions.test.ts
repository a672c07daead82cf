import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { mismatch } from "../../infra/components/workflow/definition.ts";
import { errorName, integrationOf } from "../../local/workflows/integrations.ts";
import { fillingsOf, rendered, source, type State, type Workflow, WORKFLOWS } from "./fillings.ts";

const require = createRequire(import.meta.url);
const validate = require("asl-validator") as (definition: unknown) => { errorsText: () => string };

const CLIENTS: Record<string, string> = {
  monitoring: "cloudwatch",
  dynamodb: "dynamodb",
  lambda: "lambda",
  sagemaker: "sagemaker",
  sns: "sns",
};

const BY_ROLLOUT = [
  "CreateModel",
  "CreateEndpointConfig",
  "CreateErrorAlarm",
  "CreateLatencyAlarm",
  "CreateRefusalAlarm",
  "CreateSlowdownAlarm",
];
/** The Tasks that make something. */
const MADE: Record<Workflow, string[]> = {
  retrain: ["Prepare", "Tune", "Train"],
  rollout: BY_ROLLOUT,
  "rollout-function": ["CreateErrorAlarm", "CreateLatencyAlarm"],
  shadow: [...BY_ROLLOUT, "CreateTrialConfig"],
  experiment: [...BY_ROLLOUT, "CreateTrialConfig"],
};

/** Step Functions' own client fails so: https://docs.aws.amazon.com/step-functions/latest/dg/bp-lambda-serviceexception.html */
const OF_STEP_FUNCTIONS = ["Lambda.SdkClientException"];

/** Names under which Step Functions can show the errors of a Task's API, by the errors that the SDK's model lists. */
function thrownBy(resource: string): string[] {
  const integration = integrationOf(resource)!;
  const client = dirname(require.resolve(`@aws-sdk/client-${CLIENTS[integration.service]!}/package.json`));
  const path = join(client, "dist-types/commands", `${integration.action}Command.d.ts`);
  const modelled = [...readFileSync(path, "utf8").matchAll(/@throws \{@link (\w+)\}/g)].map(
    ([, name]) => name!,
  );
  return [...modelled, "AccessDeniedException"].map((code) => errorName(integration, code));
}

const tasksOf = (workflow: Workflow): [string, State][] =>
  Object.entries(rendered(workflow).States).filter(([, { Type }]) => Type === "Task");

describe.each(WORKFLOWS)("%s", (workflow) => {
  it("has a filling for every token and no other", () => {
    expect(mismatch(source(workflow), Object.keys(fillingsOf(workflow)))).toBeNull();
  });

  it("is valid once its tokens are filled, with and without what may be left out", () => {
    const optional = ["VpcConfig", "SpotWaitSeconds", "OnlineTable"].filter(
      (token) => token in fillingsOf(workflow),
    );
    const absent = Object.fromEntries(optional.map((token) => [token, null]));
    for (const changes of [{}, absent]) expect(validate(rendered(workflow, changes)).errorsText()).toBe("");
    expect(JSON.stringify(rendered(workflow, absent))).not.toMatch(
      /VpcConfig|MaxWaitTimeInSeconds|PERENNIAL_ONLINE_TABLE/,
    );
  });

  it("names no account, no region, and no ARN but those of integrations", () => {
    const text = source(workflow);
    expect(
      [...text.matchAll(/"arn:[^"]*"/g)].filter(([arn]) => !/^"arn:aws:states:::[\w:.-]+"$/.test(arn)),
    ).toEqual([]);
    expect(text.match(/\b\d{12}\b|\b[a-z]{2}-(north|south|east|west|central)\w*-\d\b/g)).toBeNull();
  });

  it("gives every Task a timeout, retries for what passes and a way on for what doesn't", () => {
    const lacking = tasksOf(workflow).filter(
      ([, { TimeoutSeconds, Retry, Catch }]) =>
        !(Number(TimeoutSeconds) > 0) ||
        !(Number(Retry?.[0]?.MaxAttempts) > 0) ||
        JSON.stringify(Catch?.map(({ ErrorEquals }) => ErrorEquals)) !== '[["States.ALL"]]',
    );
    expect(lacking.map(([name]) => name)).toEqual([]);
  });

  it("retries only errors that the Task's API throws", () => {
    const unknown = tasksOf(workflow).flatMap(([name, { Resource, Retry }]) => {
      const thrown = [...thrownBy(Resource!), ...OF_STEP_FUNCTIONS];
      const named = Retry!.flatMap(({ ErrorEquals }) => ErrorEquals);
      return named.filter((error) => !thrown.includes(error)).map((error) => `${name}: ${error}`);
    });
    expect(unknown).toEqual([]);
  });

  it("tags everything that it makes", () => {
    const making = tasksOf(workflow).filter(([, { Resource }]) =>
      /:(create\w+|putMetricAlarm)(\.sync)?$/.test(Resource!),
    );
    expect(making.map(([name]) => name)).toEqual(MADE[workflow]);
    expect(making.map(([, { Parameters }]) => Parameters!["Tags"])).toEqual(
      making.map(() => fillingsOf(workflow)["Tags"]),
    );
  });

  it("ends well before the lease does: no Task may take longer than the execution", () => {
    const { TimeoutSeconds } = rendered(workflow);
    expect(tasksOf(workflow).filter(([, task]) => task.TimeoutSeconds! >= Number(TimeoutSeconds))).toEqual(
      [],
    );
  });
});
