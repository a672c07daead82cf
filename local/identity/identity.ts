import { createHash } from "node:crypto";
import { runSimulation } from "@cloud-copilot/iam-simulate";
import type { Caller, Credentials } from "../gateway/interfaces.ts";
import { knownContext, knownPolicy } from "./encryption-context.ts";

/** A policy document as IAM takes it. */
export type Policy = Record<string, unknown>;

/** One thing that a request needs to be allowed. */
export interface Requirement {
  /** "s3:GetObject" */
  action: string;
  /** ARN, or "*" where the action knows no resource. */
  resource: string;
  /** Condition keys and their values, those that every request has left out. */
  context: Record<string, string | string[]>;
}

export type Decision = { allowed: true } | { allowed: false; reason: string };

interface Role {
  name: string;
  arn: string;
  assumeRolePolicy: Policy;
  policies: Map<string, Policy>;
}

/** Roles and policies of the account, as the program declares them, and what they allow. */
export class Identity {
  readonly accountId: string;
  readonly region: string;
  private readonly roles = new Map<string, Role>();
  private readonly rolesByKey = new Map<string, string>();
  private readonly resourcePolicies = new Map<string, Policy>();
  private readonly encryptionKeys = new Map<string, string>();
  private readonly partitionKeys = new Map<string, string>();

  constructor({ accountId, region }: { accountId: string; region: string }) {
    this.accountId = accountId;
    this.region = region;
  }

  /** Declares a role; its policies come by `putRolePolicy`. */
  putRole(role: { name: string; arn: string; assumeRolePolicy: Policy | string }): void {
    const policies = this.roles.get(role.name)?.policies ?? new Map<string, Policy>();
    const assumeRolePolicy = document(role.assumeRolePolicy, `trust policy of role ${role.name}`);
    this.roles.set(role.name, { name: role.name, arn: role.arn, assumeRolePolicy, policies });
    this.rolesByKey.set(accessKeyOf(role.arn), role.name);
  }

  /** Declares an inline policy of a role, or replaces the one of that name. */
  putRolePolicy(roleName: string, policyName: string, policy: Policy | string): void {
    this.roleNamed(roleName).policies.set(
      policyName,
      document(policy, `policy ${policyName} of role ${roleName}`),
    );
  }

  /** Declares the policy of a bucket, key, topic or queue. */
  putResourcePolicy(resourceArn: string, policy: Policy | string): void {
    this.resourcePolicies.set(resourceArn, document(policy, `policy of ${resourceArn}`));
  }

  /** Says that what lies in a bucket, table, topic or queue is encrypted with a key: who uses the one uses the other. */
  putEncryptionKey(resourceArn: string, keyArn: string): void {
    this.encryptionKeys.set(resourceArn, keyArn);
  }

  encryptionKeyOf(resourceArn: string): string | undefined {
    return this.encryptionKeys.get(resourceArn);
  }

  /** Says which attribute of a table is its partition key, which `dynamodb:LeadingKeys` is about. */
  putPartitionKey(tableName: string, attribute: string): void {
    this.partitionKeys.set(tableName, attribute);
  }

  partitionKeyOf(tableName: string): string | undefined {
    return this.partitionKeys.get(tableName);
  }

  /** Policies of a role by name, as documents. */
  policiesOf(roleName: string): ReadonlyMap<string, Policy> {
    return this.roleNamed(roleName).policies;
  }

  roleNames(): string[] {
    return [...this.roles.keys()];
  }

  credentialsFor(roleName: string): Credentials {
    const accessKeyId = accessKeyOf(this.roleNamed(roleName).arn);
    return { accessKeyId, secretAccessKey: `secret-of-${accessKeyId}` };
  }

  /** Who owns an access key. One that is no role's belongs to the person at the machine. */
  callerWith(accessKeyId: string): Caller {
    const roleName = this.rolesByKey.get(accessKeyId);
    if (roleName !== undefined) return this.callerAs(this.roleNamed(roleName).arn);
    return { accessKeyId, principalArn: `arn:aws:iam::${this.accountId}:user/local`, role: null };
  }

  /** @throws where the account has no such role. */
  callerAs(roleArn: string): Caller {
    const role = [...this.roles.values()].find(({ arn }) => arn === roleArn);
    if (role === undefined) throw new Error(`There is no role ${roleArn} in the recorded program.`);
    const principalArn = `arn:aws:sts::${this.accountId}:assumed-role/${role.name}/local`;
    return { accessKeyId: accessKeyOf(roleArn), principalArn, role: role.name };
  }

  /** Decides whether `caller` may do what `requirement` says. The person at the machine may do everything. */
  async authorize(caller: Caller, requirement: Requirement): Promise<Decision> {
    if (caller.role === null) return { allowed: true };
    const { arn, policies } = this.roleNamed(caller.role);
    const { overall, detail } = await this.simulate({
      principal: caller.principalArn,
      requirement: { ...requirement, context: { "aws:PrincipalArn": arn, ...requirement.context } },
      identityPolicies: [...policies].map(([name, policy]) => ({ name, policy })),
      resourcePolicy: this.resourcePolicyFor(requirement),
    });
    if (overall === "Allowed") return { allowed: true };
    const reason =
      overall === "ExplicitlyDenied"
        ? `a policy of role ${caller.role} or of the resource denies it`
        : `no policy of role ${caller.role} or of the resource allows it`;
    return { allowed: false, reason: detail === undefined ? reason : `${reason}: ${detail}` };
  }

  /** Decides whether a service, "events.amazonaws.com", may do something by the resource's own policy. */
  async authorizeService(principal: string, requirement: Requirement): Promise<Decision> {
    const context = { "aws:SourceAccount": this.accountId, ...requirement.context };
    const { overall, detail } = await this.simulate({
      principal,
      requirement: { ...requirement, context },
      identityPolicies: [],
      resourcePolicy: this.resourcePolicyFor(requirement),
    });
    if (overall === "Allowed") return { allowed: true };
    return { allowed: false, reason: detail ?? `the resource's policy doesn't let ${principal} do it` };
  }

  /**
   * Decides whether a service may act as a role.
   *
   * @param sourceArn what it acts for; trust policies hold it against `aws:SourceArn`.
   */
  async mayAssume(roleArn: string, principal: string, sourceArn: string): Promise<Decision> {
    const role = this.roleNamed(this.callerAs(roleArn).role ?? "");
    const context = { "aws:SourceAccount": this.accountId, "aws:SourceArn": sourceArn };
    const { overall, detail } = await this.simulate({
      principal,
      requirement: { action: "sts:AssumeRole", resource: roleArn, context },
      identityPolicies: [],
      resourcePolicy: role.assumeRolePolicy,
    });
    if (overall === "Allowed") return { allowed: true };
    const reason = `the trust policy of role ${role.name} doesn't let ${principal} assume it for ${sourceArn}`;
    return { allowed: false, reason: detail ?? reason };
  }

  private roleNamed(name: string): Role {
    const role = this.roles.get(name);
    if (role === undefined)
      throw new Error(`There is no role ${JSON.stringify(name)} in the recorded program.`);
    return role;
  }

  private resourcePolicyFor({ action, resource }: Requirement): Policy | undefined {
    const owner = action.startsWith("s3:") ? bucketOf(resource) : resource;
    const policy = this.resourcePolicies.get(owner);
    // A key whose policy isn't declared has the default one, which leaves the decision to the account's policies.
    if (policy === undefined && action.startsWith("kms:")) return delegateToAccount(this.accountId);
    return policy;
  }

  private async simulate(question: {
    principal: string;
    requirement: Requirement;
    identityPolicies: { name: string; policy: Policy }[];
    resourcePolicy: Policy | undefined;
  }): Promise<{ overall: "Allowed" | "ExplicitlyDenied" | "ImplicitlyDenied"; detail?: string }> {
    const { principal, requirement, identityPolicies, resourcePolicy } = question;
    const { action, resource, context } = requirement;
    const answer = await runSimulation(
      {
        request: {
          principal,
          action,
          resource: { resource, accountId: this.accountId },
          contextVariables: {
            // The loopback address stands for the TLS that every call to AWS has.
            "aws:SecureTransport": "true",
            "aws:PrincipalAccount": this.accountId,
            "aws:ResourceAccount": this.accountId,
            "aws:RequestedRegion": this.region,
            ...knownContext(context),
          },
        },
        identityPolicies: identityPolicies.map(({ name, policy }) => ({ name, policy: knownPolicy(policy) })),
        resourcePolicy: resourcePolicy === undefined ? undefined : knownPolicy(resourcePolicy),
        serviceControlPolicies: [],
        resourceControlPolicies: [],
      },
      {},
    );
    if (answer.resultType === "error") {
      const detail = `the policies cannot be evaluated for ${action}: ${JSON.stringify(answer.errors)}`;
      return { overall: "ImplicitlyDenied", detail };
    }
    return { overall: answer.overallResult };
  }
}

/** The same key for the same role, at every start. */
function accessKeyOf(roleArn: string): string {
  const digest = createHash("sha256").update(roleArn).digest("hex").toUpperCase();
  return `AKIA${digest.slice(0, 16)}`;
}

function bucketOf(resource: string): string {
  return resource.split("/", 1)[0] ?? resource;
}

function delegateToAccount(accountId: string): Policy {
  const Principal = { AWS: `arn:aws:iam::${accountId}:root` };
  return {
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal, Action: "kms:*", Resource: "*" }],
  };
}

function document(policy: Policy | string, subject: string): Policy {
  if (typeof policy !== "string") return policy;
  try {
    return JSON.parse(policy) as Policy;
  } catch (cause) {
    throw new Error(`The ${subject} is not JSON.`, { cause });
  }
}
