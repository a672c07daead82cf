import { ADMINISTRATOR } from "../account.ts";
import { type Need, of, onBehalfOf, SOURCE, type Subject, via } from "./need.ts";

/** Use and administration of the one key. */
export function keyNeeds(subject: Subject): Need[] {
  const { names, region, keyArn } = subject;
  const resources = [keyArn];
  const administrator = { role: ADMINISTRATOR };
  const use = ["kms:Decrypt", "kms:GenerateDataKey"];
  return [
    {
      by: administrator,
      actions: [
        ...of("kms", "CreateAlias DeleteAlias UpdateAlias EnableKeyRotation"),
        ...of("kms", "GetKeyRotationStatus UpdateKeyDescription GetKeyPolicy PutKeyPolicy"),
        ...of("kms", "ListResourceTags TagResource UntagResource EnableKey DisableKey"),
        ...of("kms", "ScheduleKeyDeletion CancelKeyDeletion"),
      ],
      resources,
      why: "the provider creates, changes and deletes key and alias; locally nothing is encrypted",
      source: SOURCE.keyAdministration,
    },
    {
      by: administrator,
      actions: ["kms:ListGrants", "kms:RevokeGrant", "kms:ListKeyPolicies"],
      resources,
      why: "people look at who uses the key, and take a grant back when something went wrong",
      source: SOURCE.keyAdministration,
    },
    {
      by: administrator,
      actions: [
        ...of("kms", "Encrypt Decrypt ReEncryptFrom ReEncryptTo GenerateDataKey"),
        ...of("kms", "GenerateDataKeyWithoutPlaintext DescribeKey CreateGrant"),
      ],
      resources,
      context: via("dynamodb", subject),
      why: "DynamoDB uses the key in the name of whoever creates the table; the local provider is nobody's role",
      source: SOURCE.tableKey,
    },
    {
      by: administrator,
      actions: ["kms:RetireGrant"],
      resources,
      context: via("ecr", subject),
      why: "ECR takes grants in the name of whoever creates a repository; locally there are no repositories",
      source: SOURCE.repositoryKey,
    },
    {
      by: { service: `logs.${region}.amazonaws.com` },
      actions: [
        ...of("kms", "Encrypt Decrypt ReEncryptFrom ReEncryptTo GenerateDataKey"),
        ...of("kms", "GenerateDataKeyWithoutPlaintext DescribeKey"),
      ],
      resources,
      context: { "kms:EncryptionContext:aws:logs:arn": names.arn("logs", "log-group:/aws/lambda/any") },
      why: "CloudWatch Logs encrypts log groups itself; local logs are plain files",
      source: SOURCE.logKey,
    },
    {
      by: { service: "events.amazonaws.com" },
      actions: use,
      resources,
      context: onBehalfOf(names.arn("events", `rule/${names.shared("sweep")}`), subject),
      why: "EventBridge writes to an encrypted queue when a target can't be reached; locally the bus does it itself",
      source: SOURCE.queueKey,
    },
    {
      by: { service: "cloudwatch.amazonaws.com" },
      actions: use,
      resources,
      context: onBehalfOf(names.arn("cloudwatch", `alarm:${names.shared("any-errors")}`), subject),
      why: "alarms write to an encrypted topic; locally the alarm watch does it itself",
      source: SOURCE.topicKey,
    },
  ];
}
