import { expect, it } from "vitest";
import { Identity } from "../../local/identity/identity.ts";

const KEY = "arn:aws:kms:eu-central-1:123456789012:key/1";
const LOGS = "logs.eu-central-1.amazonaws.com";

it.each([
  ["kms:EncryptionContext:aws:logs:arn", "arn:aws:logs:eu-central-1:123456789012:log-group:one", true],
  ["kms:EncryptionContext:aws:logs:arn", "arn:aws:logs:eu-central-1:123456789012:log-group:two", false],
  ["kms:EncryptionContext:aws:s3:arn", "arn:aws:logs:eu-central-1:123456789012:log-group:one", false],
])("holds a condition on one part of the encryption context against %s = %s", async (key, value, allowed) => {
  const identity = new Identity({ accountId: "123456789012", region: "eu-central-1" });
  identity.putResourcePolicy(KEY, {
    Version: "2012-10-17",
    Statement: {
      Effect: "Allow",
      Principal: { Service: LOGS },
      Action: "kms:Decrypt",
      Resource: "*",
      Condition: {
        ArnLike: {
          "kms:EncryptionContext:aws:logs:arn": "arn:aws:logs:eu-central-1:123456789012:log-group:one",
        },
      },
    },
  });
  const context = {
    "kms:EncryptionContext:other": "arn:aws:logs:eu-central-1:123456789012:log-group:one",
    [key]: value,
  };
  const decision = await identity.authorizeService(LOGS, { action: "kms:Decrypt", resource: KEY, context });
  expect(decision.allowed).toBe(allowed);
});
