import { createHash } from "node:crypto";
import { arn, text, type Counterparts, type Json } from "./counterpart.ts";

export const IDENTITY: Counterparts = {
  "aws:iam/role:Role": {
    outputs: ({ inputs }, { accountId }) => {
      const name = text(inputs, "name");
      return { id: name, outputs: { arn: `arn:aws:iam::${accountId}:role/${name}`, name } };
    },
    create: async ({ inputs, outputs }, { identity }) => {
      const assumeRolePolicy = policyOf(inputs["assumeRolePolicy"]);
      identity.putRole({ name: text(inputs, "name"), arn: text(outputs, "arn"), assumeRolePolicy });
    },
  },
  "aws:iam/rolePolicy:RolePolicy": {
    outputs: ({ name, inputs }) => ({ id: `${text(inputs, "role")}:${name}`, outputs: { name } }),
    create: async ({ name, inputs }, { identity }) => {
      identity.putRolePolicy(text(inputs, "role"), name, policyOf(inputs["policy"]));
    },
  },
  "aws:kms/key:Key": {
    outputs: ({ name }, account) => {
      const digest = createHash("sha256").update(name).digest("hex");
      const keyId = digest.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, "$1-$2-$3-$4-$5");
      return { id: keyId, outputs: { keyId, arn: arn(account, "kms", `key/${keyId}`) } };
    },
    // Nothing is encrypted on one machine; who may use the key is decided as on AWS.
    create: async ({ inputs, outputs }, { identity }) => {
      identity.putResourcePolicy(text(outputs, "arn"), policyOf(inputs["policy"]));
    },
  },
  "aws:kms/alias:Alias": {
    outputs: ({ inputs }, account) => ({
      id: text(inputs, "name"),
      outputs: { arn: arn(account, "kms", text(inputs, "name")) },
    }),
    create: { none: "the program refers to the key by its ARN; the alias is for people in the console" },
  },
};

export const policyOf = (policy: unknown): Json | string => policy as Json | string;
