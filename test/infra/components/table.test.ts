import { expect, it } from "vitest";
import { LedgerTable } from "../../../infra/components/table/ledger-table.ts";
import { OnlineTable } from "../../../infra/components/table/online-table.ts";
import { deploy } from "../../support/deploy.ts";

const KEY = "arn:aws:kms:eu-central-1:123456789012:key/k";
const args = { tableName: "a-table", keyArn: KEY, workloads: ["churn"], protect: true };

it.each([
  ["perennial:ledger:LedgerTable", LedgerTable],
  ["perennial:online:OnlineTable", OnlineTable],
])("%s is encrypted, recoverable, and can't be deleted where it is protected", async (type, Table) => {
  const resources = await deploy(() => new Table("a", args));
  const [table, component] = resources.map(({ type, inputs }) => ({ type, inputs }));
  expect(component?.type).toBe(type);
  expect(table).toEqual({
    type: "aws:dynamodb/table:Table",
    inputs: {
      name: "a-table",
      billingMode: "PAY_PER_REQUEST",
      hashKey: "pk",
      rangeKey: "sk",
      attributes: [
        { name: "pk", type: "S" },
        { name: "sk", type: "S" },
      ],
      pointInTimeRecovery: { enabled: true },
      serverSideEncryption: { enabled: true, kmsKeyArn: KEY },
      deletionProtectionEnabled: true,
    },
  });
});
