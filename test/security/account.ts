import { Identity, type Decision, type Policy, type Requirement } from "../../local/identity/identity.ts";
import type { Account, RecordedResource } from "../../local/program/resource.ts";

/** A statement of a policy, its actions and resources as lists. */
export interface Statement {
  Sid?: string;
  Effect: "Allow" | "Deny";
  Principal?: unknown;
  Action: string[];
  /** Absent in trust policies, which are about the role that they belong to. */
  Resource?: string[];
  Condition?: Record<string, Record<string, string | string[]>>;
}

/** A statement with the place where it stands. */
export interface Placed {
  /** "role" what a role may do, "trust" who may act as it, "resource" who may use a bucket, key, topic, queue or function. */
  kind: "role" | "trust" | "resource";
  /** Name of the role, or ARN of the resource. */
  owner: string;
  policy: string;
  /** Counts from 0 within its policy. */
  index: number;
  statement: Statement;
}

/** Something that a role or a service asks for. */
export interface Call extends Requirement {
  by: { role: string } | { service: string };
}

/** A role of the account's people, who may do everything that no resource's own policy forbids. */
export const ADMINISTRATOR = "administrator";

const list = <Item>(value: Item | Item[]): Item[] => (Array.isArray(value) ? value : [value]);

/** A statement as a program may write it: single actions and resources outside of lists. */
type Written = Omit<Statement, "Action" | "Resource"> & {
  Action: string | string[];
  Resource?: string | string[];
};

function read(policy: unknown): Statement[] {
  const document = (typeof policy === "string" ? JSON.parse(policy) : policy) as {
    Statement: Written | Written[];
  };
  return list(document.Statement).map(({ Action, Resource, ...statement }) => ({
    ...statement,
    Action: list(Action),
    ...(Resource === undefined ? {} : { Resource: list(Resource) }),
  }));
}

/** Every statement of every policy that the program declares, and what they decide together. */
export class Permissions {
  readonly account: Account;
  readonly placed: readonly Placed[];
  private readonly roles: ReadonlySet<string>;

  /** @param roles names of the roles that there are, with or without a statement; all that statements speak of if absent. */
  constructor(
    account: Account,
    placed: readonly Placed[],
    roles: ReadonlySet<string> = new Set(
      placed.filter(({ kind }) => kind !== "resource").map(({ owner }) => owner),
    ),
  ) {
    this.account = account;
    this.placed = placed;
    this.roles = roles;
  }

  /** Reads roles, their policies, and the policies of resources from a recorded program. */
  static of(resources: readonly RecordedResource[], account: Account): Permissions {
    const place = (kind: Placed["kind"], owner: string, policy: string, document: unknown): Placed[] =>
      read(document).map((statement, index) => ({ kind, owner, policy, index, statement }));
    const arnOf = (type: string, id: unknown): string =>
      String(
        resources.find(
          (resource) => resource.type === type && (resource.id === id || resource.inputs["name"] === id),
        )?.outputs["arn"],
      );
    const placed = resources.flatMap(({ type, name, inputs, outputs }) => {
      switch (type) {
        case "aws:iam/role:Role":
          return place("trust", String(inputs["name"]), "trust", inputs["assumeRolePolicy"]);
        case "aws:iam/rolePolicy:RolePolicy":
          return place("role", String(inputs["role"]), name, inputs["policy"]);
        case "aws:kms/key:Key":
          return place("resource", String(outputs["arn"]), name, inputs["policy"]);
        case "aws:s3/bucketPolicy:BucketPolicy":
          return place("resource", `arn:aws:s3:::${String(inputs["bucket"])}`, name, inputs["policy"]);
        case "aws:sns/topicPolicy:TopicPolicy":
          return place("resource", String(inputs["arn"]), name, inputs["policy"]);
        case "aws:sqs/queuePolicy:QueuePolicy":
          return place("resource", arnOf("aws:sqs/queue:Queue", inputs["queueUrl"]), name, inputs["policy"]);
        case "aws:lambda/permission:Permission": {
          // Lambda makes a statement of it, as `aws lambda get-policy` shows.
          const Resource = arnOf("aws:lambda/function:Function", inputs["function"]);
          const statement: Statement = {
            Sid: name,
            Effect: "Allow",
            Principal: { Service: inputs["principal"] },
            Action: [String(inputs["action"])],
            Resource: [Resource],
            Condition: { ArnLike: { "AWS:SourceArn": String(inputs["sourceArn"]) } },
          };
          return [{ kind: "resource" as const, owner: Resource, policy: name, index: 0, statement }];
        }
        default:
          return [];
      }
    });
    return new Permissions(account, placed);
  }

  /** The same policies with one statement changed, or without it where there is nothing in its place. */
  with(changed: Placed, statement: Statement | null): Permissions {
    const placed = this.placed.flatMap((one) => {
      if (one !== changed) return [one];
      return statement === null ? [] : [{ ...one, statement }];
    });
    return new Permissions(this.account, placed, this.roles);
  }

  /** The same policies and one more statement for a role. */
  granting(role: string, statement: Statement): Permissions {
    const added: Placed = { kind: "role", owner: role, policy: "added", index: 0, statement };
    return new Permissions(this.account, [...this.placed, added], this.roles);
  }

  async decide({ by, ...requirement }: Call): Promise<Decision> {
    this.identity ??= this.buildIdentity();
    if ("service" in by) return await this.identity.authorizeService(by.service, requirement);
    return await this.identity.authorize(this.identity.callerAs(this.roleArn(by.role)), requirement);
  }

  async allows(call: Call): Promise<boolean> {
    return (await this.decide(call)).allowed;
  }

  roleArn(name: string): string {
    return `arn:aws:iam::${this.account.accountId}:role/${name}`;
  }

  private identity: Identity | undefined;

  private buildIdentity(): Identity {
    const identity = new Identity(this.account);
    const putRole = (name: string, trust: Policy): void =>
      identity.putRole({ name, arn: this.roleArn(name), assumeRolePolicy: trust });
    putRole(ADMINISTRATOR, document([]));
    identity.putRolePolicy(
      ADMINISTRATOR,
      ADMINISTRATOR,
      document([{ Effect: "Allow", Action: ["*"], Resource: ["*"] }]),
    );
    const owners = (kind: Placed["kind"]): Map<string, Placed[]> =>
      Map.groupBy(
        this.placed.filter((placed) => placed.kind === kind),
        ({ owner }) => owner,
      );
    for (const role of this.roles) putRole(role, document([]));
    for (const [owner, placed] of owners("trust")) {
      // A trust policy is the resource's policy of `sts:AssumeRole`.
      identity.putResourcePolicy(this.roleArn(owner), document(placed.map(({ statement }) => statement)));
    }
    for (const [owner, placed] of owners("role")) {
      for (const [policy, statements] of Map.groupBy(placed, (one) => one.policy)) {
        identity.putRolePolicy(owner, policy, document(statements.map(({ statement }) => statement)));
      }
    }
    for (const [owner, placed] of owners("resource")) {
      identity.putResourcePolicy(owner, document(placed.map(({ statement }) => statement)));
    }
    return identity;
  }
}

const document = (Statement: Statement[]): Policy => ({ Version: "2012-10-17", Statement });

/** Says where a statement stands and what it says, for people. */
export function shown({ kind, owner, policy, index, statement }: Placed): string {
  const what = statement.Sid === undefined ? "" : ` (${statement.Sid})`;
  const place = kind === "role" ? `role ${owner}` : kind === "trust" ? `trust of role ${owner}` : owner;
  return `${place}: ${statement.Effect} ${index + 1} of policy "${policy}"${what}`;
}

export function shownCall({ by, action, resource, context }: Call): string {
  const who = "role" in by ? by.role : by.service;
  return `${who} ${action} on ${resource} ${JSON.stringify(context)}`;
}
