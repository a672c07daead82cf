import { type Call, type Permissions, type Placed, shown, shownCall, type Statement } from "./account.ts";

type Value = string | string[];

const OTHER_ACCOUNT = "999999999999";

/**
 * For each condition key that the policies use, a value that a call must not have. A key that isn't here has no negative
 * probe, and the test says so.
 */
const FORBIDDEN: Record<string, (allowed: Value, call: Call) => Value> = {
  "aws:securetransport": () => "false",
  "aws:sourceaccount": () => OTHER_ACCOUNT,
  "aws:sourcearn": (allowed) => ofOtherAccount(allowed),
  "cloudwatch:alarmactions": () => ["arn:aws:automate:eu-central-1:ec2:terminate"],
  "cloudwatch:namespace": () => "AWS/Billing",
  "dynamodb:leadingkeys": () => ["workload#somebody-elses"],
  "iam:passedtoservice": () => "ecs-tasks.amazonaws.com",
  "kms:encryptioncontext:aws:logs:arn": (allowed) => ofOtherAccount(allowed),
  "kms:grantisforawsresource": () => "false",
  "kms:viaservice": () => "ec2.eu-central-1.amazonaws.com",
  "s3:prefix": () => "somebody-elses/",
  // Whoever registers may not approve in the same breath, and nobody sets a decision back to pending.
  "sagemaker:modelapprovalstatus": (_, { action }) =>
    action === "sagemaker:CreateModelPackage" ? "Approved" : "PendingManualApproval",
};

/** Keys that the evaluator adds to every call, as AWS does: a call without them can't be asked for. */
const ALWAYS_PRESENT = ["aws:securetransport", "aws:sourceaccount"];

const ofOtherAccount = (arn: Value): string =>
  [arn]
    .flat()
    .join("")
    .replace(/:\d{12}:/, `:${OTHER_ACCOUNT}:`);

/** One condition of a statement. */
interface Condition {
  placed: Placed;
  operator: string;
  key: string;
  value: Value;
}

/** What the probes found. */
export interface Probed {
  /** Each probe that was made, by what it asks. */
  probes: string[];
  /** Each condition or denial that has no probe, or that decides nothing, as a sentence that says what to do. */
  faults: string[];
}

/**
 * Asks, for every condition and every Deny, for something that it alone forbids: denied as the policies stand, and allowed
 * without it.
 *
 * @param needed for each Allow statement a call that only it allows.
 * @param calls all calls that the policies allow.
 */
export async function probe(
  permissions: Permissions,
  needed: readonly { placed: Placed; call: Call | undefined }[],
  calls: readonly Call[],
): Promise<Probed> {
  const probed: Probed = { probes: [], faults: [] };
  for (const { placed, call } of needed) {
    for (const condition of conditionsOf(placed)) {
      if (call === undefined) {
        probed.faults.push(
          `${named(condition)}: no call needs the statement, so nothing shows what it forbids`,
        );
        continue;
      }
      await probeCondition(permissions, condition, call, probed);
    }
  }
  for (const placed of permissions.placed.filter(({ statement }) => statement.Effect === "Deny")) {
    await probeDenial(permissions, placed, calls, probed);
  }
  return probed;
}

const conditionsOf = (placed: Placed): Condition[] =>
  Object.entries(placed.statement.Condition ?? {}).flatMap(([operator, keys]) =>
    Object.entries(keys).map(([key, value]) => ({ placed, operator, key, value })),
  );

const named = ({ placed, operator, key }: Condition): string => `${shown(placed)}: ${operator} ${key}`;

/** The statement without one of its conditions. */
function without({ placed: { statement }, operator, key }: Condition): Statement {
  const { [operator]: keys = {}, ...others } = statement.Condition ?? {};
  const { [key]: _, ...kept } = keys;
  const { Condition: _all, ...rest } = statement;
  const Condition = { ...others, ...(Object.keys(kept).length === 0 ? {} : { [operator]: kept }) };
  return Object.keys(Condition).length === 0 ? rest : { ...rest, Condition };
}

/** The key as the call spells it: keys don't care about case. */
const spelled = (call: Call, key: string): string =>
  Object.keys(call.context).find((other) => other.toLowerCase() === key.toLowerCase()) ?? key;

async function probeCondition(
  permissions: Permissions,
  condition: Condition,
  call: Call,
  { probes, faults }: Probed,
): Promise<void> {
  const { placed, operator, key } = condition;
  const name = named(condition);
  const forbidden = FORBIDDEN[key.toLowerCase()];
  if (forbidden === undefined) {
    faults.push(`${name}: add to test/security/probes.ts a value that a call must not have for ${key}`);
    return;
  }
  const own = spelled(call, key);
  const value = forbidden(call.context[own] ?? condition.value, call);
  const unconditional = permissions.with(placed, without(condition));
  const asked: Call[] = [{ ...call, context: { ...call.context, [own]: value } }];
  // "For all values" holds where there are none: there the key always comes with the action.
  if (!operator.startsWith("ForAllValues:") && !ALWAYS_PRESENT.includes(key.toLowerCase())) {
    const { [own]: _, ...context } = call.context;
    asked.push({ ...call, context });
  }
  for (const one of asked) {
    probes.push(`${name}: ${shownCall(one)}`);
    if (await permissions.allows(one)) {
      faults.push(`${name}: does not forbid ${shownCall(one)}; narrow the condition, or what else allows it`);
    } else if (!(await unconditional.allows(one))) {
      faults.push(`${name}: ${shownCall(one)} is denied without it, too; correct the probe`);
    }
  }
}

/** Whether an ARN lies under a pattern that ends in a wildcard, or is the pattern. */
const liesUnder = (resource: string, pattern: string): boolean =>
  pattern.endsWith("*") ? resource.startsWith(pattern.slice(0, -1)) : resource === pattern;

async function probeDenial(
  permissions: Permissions,
  placed: Placed,
  calls: readonly Call[],
  probed: Probed,
): Promise<void> {
  const { kind, owner, statement } = placed;
  const { Action, Resource = [] } = statement;
  for (const action of Action) {
    for (const resource of Resource) {
      const name = `${shown(placed)}: ${action} on ${resource}`;
      // A role is kept out whatever else it may come to be granted; from a resource everyone is kept out who may use it.
      const asked =
        kind === "role"
          ? { by: { role: owner }, action, resource: resource.replace("*", "any/rows.jsonl.gz"), context: {} }
          : calls.find((call) => liesUnder(call.action, action) && liesUnder(call.resource, resource));
      if (asked === undefined) {
        probed.faults.push(`${name}: no call uses the resource, so nothing shows who is denied`);
        continue;
      }
      const generous =
        kind === "role"
          ? permissions.granting(owner, { Effect: "Allow", Action: [action], Resource: ["*"] })
          : permissions;
      await probeDenied(generous, placed, asked, name, probed);
    }
  }
}

async function probeDenied(
  permissions: Permissions,
  placed: Placed,
  asked: Call,
  name: string,
  { probes, faults }: Probed,
): Promise<void> {
  const conditions = conditionsOf(placed);
  const met = Object.fromEntries(
    conditions.map(({ key, value }) => [key, [value].flat()[0]?.replace("*", "any/") ?? ""]),
  );
  const denied = { ...asked, context: { ...asked.context, ...met } };
  probes.push(`${name}: ${shownCall(denied)}`);
  if (await permissions.allows(denied)) {
    faults.push(`${name}: does not deny ${shownCall(denied)}; correct its actions, resources or conditions`);
  } else if (!(await permissions.with(placed, null).allows(denied))) {
    faults.push(`${name}: ${shownCall(denied)} is denied without it, too; correct the probe`);
  }
  for (const condition of conditions) {
    const { key } = condition;
    const other =
      key.toLowerCase() === "aws:securetransport" ? "true" : FORBIDDEN[key.toLowerCase()]?.("", asked);
    if (other === undefined) {
      faults.push(`${named(condition)}: add to test/security/probes.ts a value that it spares`);
      continue;
    }
    const spared = { ...asked, context: { ...asked.context, ...met, [key]: other } };
    probes.push(`${named(condition)}: ${shownCall(spared)}`);
    if (!(await permissions.allows(spared))) {
      faults.push(`${named(condition)}: denies ${shownCall(spared)}, which it is to spare`);
    } else if (await permissions.with(placed, without(condition)).allows(spared)) {
      faults.push(
        `${named(condition)}: spares ${shownCall(spared)} without the condition, too; it decides nothing`,
      );
    }
  }
}
