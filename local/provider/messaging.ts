import { arn, text, type Counterparts } from "./counterpart.ts";
import { policyOf } from "./identity.ts";

export const MESSAGING: Counterparts = {
  "aws:sns/topic:Topic": {
    outputs: ({ inputs }, account) => {
      const topicArn = arn(account, "sns", text(inputs, "name"));
      return { id: topicArn, outputs: { arn: topicArn } };
    },
    create: async ({ inputs, outputs }, { call, identity }) => {
      const key = inputs["kmsMasterKeyId"];
      if (typeof key === "string") identity.putEncryptionKey(text(outputs, "arn"), key);
      await call("sns", "CreateTopic", { Name: text(inputs, "name") });
    },
  },
  "aws:sns/topicPolicy:TopicPolicy": {
    outputs: ({ inputs }) => ({ id: text(inputs, "arn") }),
    create: async ({ inputs }, { identity }) => {
      identity.putResourcePolicy(text(inputs, "arn"), policyOf(inputs["policy"]));
    },
  },
  "aws:sns/topicSubscription:TopicSubscription": {
    outputs: ({ name, inputs }) => ({ id: `${text(inputs, "topic")}:${name}` }),
    create: async ({ inputs }, { call, say }) => {
      const [protocol, endpoint] = [text(inputs, "protocol"), text(inputs, "endpoint")];
      if (protocol === "email") {
        say(`Alerts would be mailed to ${endpoint}; here they are shown.`);
        return;
      }
      await call("sns", "Subscribe", {
        TopicArn: text(inputs, "topic"),
        Protocol: protocol,
        Endpoint: endpoint,
      });
    },
  },
  "aws:sqs/queue:Queue": {
    outputs: ({ inputs }, account) => {
      const name = text(inputs, "name");
      const url = `https://sqs.${account.region}.amazonaws.com/${account.accountId}/${name}`;
      return { id: url, outputs: { arn: arn(account, "sqs", name), url, name } };
    },
    create: async ({ inputs, outputs }, { call, identity }) => {
      const key = inputs["kmsMasterKeyId"];
      if (typeof key === "string") identity.putEncryptionKey(text(outputs, "arn"), key);
      const { visibilityTimeoutSeconds, redrivePolicy } = inputs;
      const Attributes = {
        ...(typeof visibilityTimeoutSeconds === "number"
          ? { VisibilityTimeout: String(visibilityTimeoutSeconds) }
          : {}),
        ...(typeof redrivePolicy === "string" ? { RedrivePolicy: redrivePolicy } : {}),
      };
      await call("sqs", "CreateQueue", { QueueName: text(inputs, "name"), Attributes });
    },
  },
  "aws:sqs/queuePolicy:QueuePolicy": {
    outputs: ({ inputs }) => ({ id: text(inputs, "queueUrl") }),
    create: async ({ inputs }, { identity, account }) => {
      const queue = text(inputs, "queueUrl").split("/").at(-1) ?? "";
      identity.putResourcePolicy(arn(account, "sqs", queue), policyOf(inputs["policy"]));
    },
  },
  "aws:ssm/parameter:Parameter": {
    outputs: ({ inputs }, account) => {
      const name = text(inputs, "name");
      return {
        id: name,
        outputs: { name, arn: arn(account, "ssm", `parameter/${name.replace(/^\//, "")}`) },
      };
    },
    create: async ({ inputs }, { call, putEvent }) => {
      const value = text(inputs, inputs["insecureValue"] === undefined ? "value" : "insecureValue");
      const [name, type] = [text(inputs, "name"), text(inputs, "type")];
      const stored = await call("ssm", "GetParameter", { Name: name }).catch(() => undefined);
      const before = (stored?.["Parameter"] as { Value?: string } | undefined)?.Value;
      if (before === value) return;
      await call("ssm", "PutParameter", { Name: name, Value: value, Type: type, Overwrite: true });
      const operation = before === undefined ? "Create" : "Update";
      putEvent({
        source: "aws.ssm",
        "detail-type": "Parameter Store Change",
        detail: { name, type, operation },
      });
    },
  },
};
