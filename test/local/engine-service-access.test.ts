import { beforeEach, expect, it } from "vitest";
import { Identity } from "../../local/identity/identity.ts";
import { authorizeService } from "../../local/service-access.ts";

const QUEUE = "arn:aws:sqs:eu-central-1:123456789012:dead";
const KEY = "arn:aws:kms:eu-central-1:123456789012:key/k";
const RULE = "arn:aws:events:eu-central-1:123456789012:rule/weekly";
const use = { principal: "events.amazonaws.com", action: "sqs:SendMessage", resource: QUEUE, source: RULE };

const allowing = (Action: string[], Resource: string) => ({
  Version: "2012-10-17",
  Statement: [
    {
      Effect: "Allow",
      Principal: { Service: "events.amazonaws.com" },
      Action,
      Resource,
      Condition: {
        ArnLike: { "aws:SourceArn": RULE },
        StringEquals: { "aws:SourceAccount": "123456789012" },
      },
    },
  ],
});

let identity: Identity;
beforeEach(() => {
  identity = new Identity({ accountId: "123456789012", region: "eu-central-1" });
  identity.putResourcePolicy(QUEUE, allowing(["sqs:SendMessage"], QUEUE));
  identity.putEncryptionKey(QUEUE, KEY);
  identity.putResourcePolicy(KEY, allowing(["kms:GenerateDataKey", "kms:Decrypt"], "*"));
});

it("lets a service use what the policies of the queue and of its key give it", async () => {
  await expect(authorizeService(identity, use)).resolves.toBeUndefined();
});

it("refuses it for another rule, by the condition on the source", async () => {
  const source = `${RULE}-other`;
  await expect(authorizeService(identity, { ...use, source })).rejects.toThrow(
    `events.amazonaws.com may not sqs:SendMessage ${QUEUE} for ${source}`,
  );
});

it("refuses it where the key's policy doesn't name the service", async () => {
  identity.putResourcePolicy(KEY, allowing(["kms:Decrypt"], "*"));
  await expect(authorizeService(identity, use)).rejects.toThrow(
    `events.amazonaws.com may not kms:GenerateDataKey ${KEY} for ${RULE}`,
  );
});
