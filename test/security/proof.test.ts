import { expect, it } from "vitest";
import { type Call, Permissions, type Statement } from "./account.ts";
import { probe } from "./probes.ts";
import { proveLeastPrivilege } from "./proof.ts";

const ACCOUNT = { accountId: "123456789012", region: "eu-central-1" };
const TABLE = "arn:aws:dynamodb:eu-central-1:123456789012:table/ledger";
const OTHER = "arn:aws:dynamodb:eu-central-1:123456789012:table/other";

const permissions = (...statements: Statement[]): Permissions =>
  new Permissions(
    ACCOUNT,
    statements.map((statement, index) => ({ kind: "role", owner: "reader", policy: "p", index, statement })),
  );
const allow = (Action: string[], Resource: string[], Condition?: Statement["Condition"]): Statement => ({
  Effect: "Allow",
  Action,
  Resource,
  ...(Condition === undefined ? {} : { Condition }),
});
const call = (action: string, resource: string, context: Call["context"] = {}): Call => ({
  by: { role: "reader" },
  action,
  resource,
  context,
});

it("finds nothing to take away where every action and every resource is needed", async () => {
  const needed = permissions(allow(["dynamodb:GetItem", "dynamodb:PutItem"], [TABLE, OTHER]));
  const calls = [call("dynamodb:GetItem", TABLE), call("dynamodb:PutItem", OTHER)];
  const { unneeded, deciding } = await proveLeastPrivilege(needed, calls);
  expect({ unneeded, deciding: [...deciding] }).toEqual({ unneeded: [], deciding: [0, 1] });
});

it("names each statement, action and resource that can go", async () => {
  const generous = permissions(
    allow(["dynamodb:GetItem", "dynamodb:DeleteItem"], [TABLE, OTHER]),
    allow(["dynamodb:GetItem"], [TABLE]),
  );
  const { unneeded } = await proveLeastPrivilege(generous, [call("dynamodb:GetItem", OTHER)]);
  expect(unneeded).toEqual([
    'role reader: Allow 1 of policy "p": action dynamodb:DeleteItem can go and nothing is denied',
    `role reader: Allow 1 of policy "p": resource ${TABLE} can go and nothing is denied`,
    'role reader: Allow 2 of policy "p": the statement can go and nothing is denied',
  ]);
});

it("doesn't take a call for a reason that the complete policies deny", async () => {
  const { unneeded, deciding } = await proveLeastPrivilege(
    permissions(allow(["dynamodb:GetItem"], [TABLE])),
    [call("dynamodb:GetItem", OTHER)],
  );
  expect({ unneeded, deciding: [...deciding] }).toEqual({
    unneeded: ['role reader: Allow 1 of policy "p": the statement can go and nothing is denied'],
    deciding: [],
  });
});

it("lets the earlier of two calls that show the same count, so that the later one is stale", async () => {
  const calls = [call("dynamodb:GetItem", TABLE), call("dynamodb:GetItem", TABLE, { "s3:prefix": "x" })];
  const { deciding } = await proveLeastPrivilege(permissions(allow(["dynamodb:GetItem"], [TABLE])), calls);
  expect([...deciding]).toEqual([0]);
});

const KEYS = { "ForAllValues:StringEquals": { "dynamodb:LeadingKeys": ["workload#one"] } };
const own = call("dynamodb:GetItem", TABLE, { "dynamodb:LeadingKeys": ["workload#one"] });

it("asks of every condition that it forbid something by itself", async () => {
  const careful = permissions(allow(["dynamodb:GetItem"], [TABLE], KEYS));
  const { shown } = await proveLeastPrivilege(careful, [own]);
  expect(await probe(careful, shown, [own])).toEqual({
    probes: [
      'role reader: Allow 1 of policy "p": ForAllValues:StringEquals dynamodb:LeadingKeys: reader dynamodb:GetItem on ' +
        `${TABLE} {"dynamodb:LeadingKeys":["workload#somebody-elses"]}`,
    ],
    faults: [],
  });
});

it("says which condition decides nothing, is unknown, or stands where nothing calls", async () => {
  const careless = permissions(
    allow(["dynamodb:GetItem"], [TABLE], KEYS),
    allow(["dynamodb:GetItem"], [TABLE], { StringEquals: { "dynamodb:Select": "COUNT" } }),
    allow(["dynamodb:GetItem"], [OTHER], KEYS),
    allow(["dynamodb:GetItem"], [TABLE]),
  );
  const [first, second, third] = careless.placed;
  if (first === undefined || second === undefined || third === undefined) throw new Error("three statements");
  const asked = [
    { placed: first, call: own },
    { placed: second, call: own },
    { placed: third, call: undefined },
  ];
  expect((await probe(careless, asked, [own])).faults).toEqual([
    'role reader: Allow 1 of policy "p": ForAllValues:StringEquals dynamodb:LeadingKeys: does not forbid reader ' +
      `dynamodb:GetItem on ${TABLE} {"dynamodb:LeadingKeys":["workload#somebody-elses"]}; narrow the condition, or what ` +
      "else allows it",
    'role reader: Allow 2 of policy "p": StringEquals dynamodb:Select: add to test/security/probes.ts a value that a ' +
      "call must not have for dynamodb:Select",
    'role reader: Allow 3 of policy "p": ForAllValues:StringEquals dynamodb:LeadingKeys: no call needs the statement, so ' +
      "nothing shows what it forbids",
  ]);
});

it("says which Deny another one makes needless", async () => {
  const statement: Statement = {
    Effect: "Deny",
    Action: ["s3:GetObject"],
    Resource: ["arn:aws:s3:::lake/sealed/*"],
  };
  const asked =
    "s3:GetObject on arn:aws:s3:::lake/sealed/*: reader s3:GetObject on arn:aws:s3:::lake/sealed/any/rows.jsonl.gz";
  expect((await probe(permissions(statement), [], [])).faults).toEqual([]);
  expect((await probe(permissions(statement, statement), [], [])).faults).toEqual([
    `role reader: Deny 1 of policy "p": ${asked} {} is denied without it, too; correct the probe`,
    `role reader: Deny 2 of policy "p": ${asked} {} is denied without it, too; correct the probe`,
  ]);
});
