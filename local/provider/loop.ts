import { createHash } from "node:crypto";
import type { Identity } from "../identity/identity.ts";
import { unpack, type ArchiveFile } from "../functions/code.ts";
import { LATEST } from "../functions/definition.ts";
import { readAlarm } from "../monitoring/service.ts";
import { arn, membersOf, text, type Counterparts, type Json } from "./counterpart.ts";

/** Functions, workflows, rules and alarms: what makes the loop go round. */
export const LOOP: Counterparts = {
  "aws:lambda/function:Function": {
    outputs: ({ inputs }, account) => {
      const name = text(inputs, "name");
      const functionArn = arn(account, "lambda", `function:${name}`);
      const invokeArn = `arn:aws:apigateway:${account.region}:lambda:path/2015-03-31/functions/${functionArn}/invocations`;
      const version = inputs["publish"] === true ? "1" : LATEST;
      return {
        id: name,
        outputs: { name, arn: functionArn, invokeArn, version, codeSha256: codeHash(inputs) },
      };
    },
    create: async ({ inputs, outputs }, { functions, codeFolder, identity }) => {
      await mustTrust(identity, text(inputs, "role"), "lambda.amazonaws.com", text(outputs, "arn"));
      const { archive } = inputs["code"] as { archive: Record<string, ArchiveFile> };
      const name = text(inputs, "name");
      const environment = inputs["environment"] as { variables?: Record<string, string> } | undefined;
      const logging = inputs["loggingConfig"] as { logGroup?: string } | undefined;
      functions.create({
        name,
        arn: text(outputs, "arn"),
        roleArn: text(inputs, "role"),
        roleName: text(inputs, "role").split("/").at(-1) ?? "",
        folder: unpack(codeFolder, archive),
        handler: text(inputs, "handler"),
        runtime: text(inputs, "runtime"),
        timeoutSeconds: Number(inputs["timeout"] ?? 3),
        memoryMiB: Number(inputs["memorySize"] ?? 128),
        environment: environment?.variables ?? {},
        logGroup: logging?.logGroup ?? `/aws/lambda/${name}`,
      });
      // What an earlier run published is there again, and so is what its alias led to.
      if (inputs["publish"] === true && functions.releases.last(name) === 0) functions.publish(name);
    },
  },
  "aws:lambda/alias:Alias": {
    outputs: ({ inputs }, account) => {
      const name = text(inputs, "name");
      const id = `${text(inputs, "functionName")}:${name}`;
      return { id, outputs: { name, arn: arn(account, "lambda", `function:${id}`) } };
    },
    create: async ({ inputs }, { functions }) => {
      const [functionName, name] = [text(inputs, "functionName"), text(inputs, "name")];
      if (functions.releases.hasAlias(functionName, name)) return;
      functions.putAlias(functionName, name, { version: text(inputs, "functionVersion"), weights: {} });
    },
  },
  "aws:lambda/permission:Permission": {
    outputs: ({ name }) => ({ id: name }),
    create: async ({ inputs }, { functions }) => {
      const sourceArn = inputs["sourceArn"];
      functions.permit(text(inputs, "function"), {
        principal: text(inputs, "principal"),
        sourceArn: typeof sourceArn === "string" ? sourceArn : null,
      });
    },
  },
  "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": {
    outputs: ({ inputs }) => ({ id: text(inputs, "functionName") }),
    create: async ({ inputs }, { functions }) => {
      const destinations = inputs["destinationConfig"] as { onFailure?: { destination: string } } | undefined;
      functions.configureAsync(text(inputs, "functionName"), {
        maximumRetryAttempts: Number(inputs["maximumRetryAttempts"] ?? 2),
        onFailureArn: destinations?.onFailure?.destination ?? null,
      });
    },
  },
  "aws:lambda/eventSourceMapping:EventSourceMapping": {
    outputs: ({ name }) => ({ id: name }),
    create: async ({ inputs }, { queueSources }) => {
      queueSources.add({
        queueArn: text(inputs, "eventSourceArn"),
        functionArn: text(inputs, "functionName"),
        batchSize: Number(inputs["batchSize"] ?? 10),
      });
    },
  },
  "aws:sfn/stateMachine:StateMachine": {
    outputs: ({ inputs }, account) => {
      const name = text(inputs, "name");
      const machineArn = arn(account, "states", `stateMachine:${name}`);
      return { id: machineArn, outputs: { name, arn: machineArn } };
    },
    create: async ({ inputs, outputs }, { workflows, identity }) => {
      await mustTrust(identity, text(inputs, "roleArn"), "states.amazonaws.com", text(outputs, "arn"));
      workflows.createStateMachine({
        arn: text(outputs, "arn"),
        name: text(inputs, "name"),
        roleArn: text(inputs, "roleArn"),
        definition: JSON.parse(text(inputs, "definition")) as Json,
      });
    },
  },
  "aws:cloudwatch/eventRule:EventRule": {
    outputs: ({ inputs }, account) => {
      const name = text(inputs, "name");
      return { id: name, outputs: { name, arn: arn(account, "events", `rule/${name}`) } };
    },
    create: async ({ inputs, outputs }, { bus }) => {
      const { eventPattern, scheduleExpression, state } = inputs;
      bus.putRule({
        name: text(inputs, "name"),
        arn: text(outputs, "arn"),
        pattern: typeof eventPattern === "string" ? (JSON.parse(eventPattern) as Json) : null,
        schedule: typeof scheduleExpression === "string" ? scheduleExpression : null,
        isEnabled: state !== "DISABLED",
      });
    },
  },
  "aws:cloudwatch/eventTarget:EventTarget": {
    outputs: ({ inputs }) => ({ id: `${text(inputs, "rule")}-${text(inputs, "targetId")}` }),
    create: async ({ inputs }, { bus }) => {
      const { input, inputPath, inputTransformer, roleArn, deadLetterConfig, retryPolicy } = inputs;
      const retry = retryPolicy as { maximumRetryAttempts?: number } | undefined;
      bus.putTarget(text(inputs, "rule"), {
        id: text(inputs, "targetId"),
        arn: text(inputs, "arn"),
        input: input as string | undefined,
        inputPath: inputPath as string | undefined,
        inputTransformer: inputTransformer as
          | { inputPaths: Record<string, string>; inputTemplate: string }
          | undefined,
        roleArn: roleArn as string | undefined,
        deadLetterArn: (deadLetterConfig as { arn: string } | undefined)?.arn,
        maximumRetryAttempts: retry?.maximumRetryAttempts,
      });
    },
  },
  "aws:cloudwatch/metricAlarm:MetricAlarm": {
    outputs: ({ inputs }, account) => {
      const name = text(inputs, "name");
      return { id: name, outputs: { name, arn: arn(account, "cloudwatch", `alarm:${name}`) } };
    },
    create: async ({ inputs }, { alarms, account }) => {
      const { name, dimensions, ...settings } = inputs;
      const Dimensions = Object.entries((dimensions ?? {}) as Record<string, string>).map(
        ([Name, Value]) => ({
          Name,
          Value,
        }),
      );
      alarms.put(
        readAlarm(
          { ...membersOf(settings), AlarmName: name, Dimensions, OKActions: inputs["okActions"] },
          account,
        ),
      );
    },
  },
  "aws:cloudwatch/logGroup:LogGroup": {
    outputs: ({ inputs }, account) => {
      const name = text(inputs, "name");
      return { id: name, outputs: { name, arn: arn(account, "logs", `log-group:${name}`) } };
    },
    create: async ({ inputs }, { call }) => {
      await call("logs", "CreateLogGroup", { logGroupName: text(inputs, "name") });
    },
  },
};

/** Of the files that an archive holds, or the paths where they lie: enough to tell that code has changed. */
const codeHash = ({ code }: Json): string =>
  createHash("sha256")
    .update(JSON.stringify(code ?? null))
    .digest("base64");

/** A service assumes the role that it is given, or refuses to create what would run as it. */
async function mustTrust(
  identity: Identity,
  roleArn: string,
  principal: string,
  sourceArn: string,
): Promise<void> {
  const decision = await identity.mayAssume(roleArn, principal, sourceArn);
  if (!decision.allowed) throw new Error(decision.reason);
}
