import type { Requirement } from "../../identity/identity.ts";
import { arn, listed, records, text, type Question } from "./question.ts";

export function requirementsOfStates({ action, input }: Question): Requirement[] {
  const resource = text(input, "executionArn") ?? text(input, "stateMachineArn") ?? "*";
  return [{ action: `states:${action}`, resource, context: {} }];
}

export function requirementsOfEvents({ action, input, identity }: Question): Requirement[] {
  const at = (resource: string): string => arn(identity, "events", resource);
  if (action === "PutEvents") {
    return records(input["Entries"]).map((entry) => {
      const bus = text(entry, "EventBusName") ?? "default";
      return {
        action: "events:PutEvents",
        resource: bus.startsWith("arn:") ? bus : at(`event-bus/${bus}`),
        context: {
          "events:source": text(entry, "Source") ?? "",
          "events:detail-type": text(entry, "DetailType") ?? "",
        },
      };
    });
  }
  const rule = text(input, "Name") ?? text(input, "Rule");
  const resource = rule === undefined ? "*" : at(`rule/${rule}`);
  return [{ action: `events:${action}`, resource, context: {} }];
}

export function requirementsOfCloudWatch({ action, input, identity }: Question): Requirement[] {
  if (action === "PutMetricData") {
    const context = { "cloudwatch:namespace": text(input, "Namespace") ?? "" };
    return [{ action: "cloudwatch:PutMetricData", resource: "*", context }];
  }
  if (!/Alarm/.test(action)) return [{ action: `cloudwatch:${action}`, resource: "*", context: {} }];
  const named = [text(input, "AlarmName"), ...listed(input["AlarmNames"])].filter(
    (name) => name !== undefined,
  );
  // Without names, DescribeAlarms is about all of them.
  const names = named.length > 0 ? named : ["*"];
  const actions = ["AlarmActions", "OKActions", "InsufficientDataActions"].flatMap((kind) =>
    listed(input[kind]),
  );
  const context: Requirement["context"] = actions.length > 0 ? { "cloudwatch:AlarmActions": actions } : {};
  return names.flatMap((name) => {
    const resource = arn(identity, "cloudwatch", `alarm:${name}`);
    const needed: Requirement[] = [{ action: `cloudwatch:${action}`, resource, context }];
    if (action === "PutMetricAlarm" && records(input["Tags"]).length > 0) {
      needed.push({ action: "cloudwatch:TagResource", resource, context: {} });
    }
    return needed;
  });
}

export function requirementsOfLogs({ action, input, identity }: Question): Requirement[] {
  const group = text(input, "logGroupName") ?? text(input, "logGroupIdentifier");
  if (group === undefined) return [{ action: `logs:${action}`, resource: "*", context: {} }];
  const stream = text(input, "logStreamName");
  const groupArn = group.startsWith("arn:")
    ? group.replace(/:\*$/, "")
    : arn(identity, "logs", `log-group:${group}`);
  // What concerns a whole group is asked for an empty stream of it: policies end in `:*`.
  return [{ action: `logs:${action}`, resource: `${groupArn}:log-stream:${stream ?? ""}`, context: {} }];
}

export function requirementsOfLambda({ action, input, identity }: Question): Requirement[] {
  const given = text(input, "FunctionName") ?? "";
  const unqualified = given.startsWith("arn:") ? given : arn(identity, "lambda", `function:${given}`);
  // A version and an alias are resources of their own where they are called, read or deleted; what changes them asks for the
  // function.
  const qualifier = text(input, "Qualifier");
  const resource = qualifier === undefined ? unqualified : `${unqualified}:${qualifier}`;
  return [
    { action: action === "Invoke" ? "lambda:InvokeFunction" : `lambda:${action}`, resource, context: {} },
  ];
}

/** What drawing an image needs. The token is for the whole registry. */
export function requirementsOfEcr({ action, input, identity }: Question): Requirement[] {
  const repository = text(input, "repositoryName");
  const resource = repository === undefined ? "*" : arn(identity, "ecr", `repository/${repository}`);
  return [{ action: `ecr:${action}`, resource, context: {} }];
}
