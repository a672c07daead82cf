import type { Requirement } from "../../identity/identity.ts";
import { arn, keyUse, listed, scalars, text, type Question } from "./question.ts";

export function requirementsOfSsm({ action, input, identity }: Question): Requirement[] {
  const parameter = (name: string): string =>
    name.startsWith("arn:") ? name : arn(identity, "ssm", `parameter/${name.replace(/^\//, "")}`);
  const names = [text(input, "Name"), text(input, "Path"), ...listed(input["Names"])].filter(
    (name) => name !== undefined,
  );
  const resources = names.length > 0 ? names.map(parameter) : ["*"];
  return resources.map((resource) => ({ action: `ssm:${action}`, resource, context: {} }));
}

export function requirementsOfSecrets({ action, input, identity }: Question): Requirement[] {
  const given = text(input, "SecretId") ?? text(input, "Name") ?? "*";
  // Secrets Manager adds a hyphen and six characters to the name: policies say `-??????`.
  const resource = given.startsWith("arn:")
    ? given
    : arn(identity, "secretsmanager", `secret:${given}-local0`);
  return [{ action: `secretsmanager:${action}`, resource, context: {} }];
}

export function requirementsOfKms({ action, input, identity }: Question): Requirement[] {
  const id = text(input, "KeyId");
  const resource =
    id === undefined || id.startsWith("arn:")
      ? (id ?? "*")
      : arn(identity, "kms", id.startsWith("alias/") ? id : `key/${id}`);
  const encryption = Object.entries(scalars(input["EncryptionContext"])).map(
    ([name, value]) => [`kms:EncryptionContext:${name}`, value] as const,
  );
  return [{ action: `kms:${action}`, resource, context: Object.fromEntries(encryption) }];
}

export function requirementsOfSns({ action, input, identity }: Question): Requirement[] {
  const resource = text(input, "TopicArn") ?? text(input, "TargetArn") ?? text(input, "ResourceArn") ?? "*";
  const needed = [{ action: `sns:${action}`, resource, context: {} }];
  if (action !== "Publish" && action !== "PublishBatch") return needed;
  return [...needed, ...keyUse(["kms:GenerateDataKey", "kms:Decrypt"], resource, "sns", identity)];
}

export function requirementsOfSqs({ action, input, identity }: Question): Requirement[] {
  const name = text(input, "QueueUrl")?.split("/").at(-1) ?? text(input, "QueueName");
  const resource = name === undefined ? "*" : arn(identity, "sqs", name);
  const iamAction = action.replace(/Batch$/, "");
  const needed = [{ action: `sqs:${iamAction}`, resource, context: {} }];
  if (iamAction === "SendMessage") {
    return [...needed, ...keyUse(["kms:GenerateDataKey", "kms:Decrypt"], resource, "sqs", identity)];
  }
  if (iamAction === "ReceiveMessage") {
    return [...needed, ...keyUse(["kms:Decrypt"], resource, "sqs", identity)];
  }
  return needed;
}
