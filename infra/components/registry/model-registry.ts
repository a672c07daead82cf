import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { allow, document } from "../../policies.ts";

export interface ModelRegistryArgs {
  modelPackageGroupName: string;
  /** ARNs of the group's model cards; wildcards are allowed. */
  modelCardPattern: string;
  description: string;
  tags: Record<string, string>;
  /** Keeps the group and its versions when the stack is destroyed. */
  protect: boolean;
}

/** Version that the baseline gets: the first one of a group. */
const BASELINE_VERSION = 1;

/** Model package group of one workload: the versions of its model, each with its approval. */
export class ModelRegistry extends pulumi.ComponentResource {
  readonly groupName: pulumi.Output<string>;
  private readonly name: string;
  private readonly packageArn: (version: number | "*") => pulumi.Output<string>;
  private readonly modelCardPattern: string;
  private readonly group: aws.sagemaker.ModelPackageGroup;

  constructor(name: string, args: ModelRegistryArgs, opts?: pulumi.ComponentResourceOptions) {
    super("perennial:registry:ModelRegistry", name, {}, opts);
    const { modelPackageGroupName, description, tags, protect } = args;
    this.group = new aws.sagemaker.ModelPackageGroup(
      name,
      { modelPackageGroupName, modelPackageGroupDescription: description, tags },
      { parent: this, protect },
    );
    this.name = name;
    this.modelCardPattern = args.modelCardPattern;
    this.groupName = this.group.modelPackageGroupName;
    this.packageArn = (version) =>
      this.group.arn.apply((arn) => `${arn.replace(":model-package-group/", ":model-package/")}/${version}`);
    this.registerOutputs({ groupArn: this.group.arn });
  }

  /** Lets `role` read a version that it knows of. */
  grantRead(grantee: string, role: aws.iam.Role): aws.iam.RolePolicy {
    return this.grant(grantee, role, "read", [allow("sagemaker:DescribeModelPackage", this.packageArn("*"))]);
  }

  /** Lets `role` find out which versions there are. */
  grantList(grantee: string, role: aws.iam.Role): aws.iam.RolePolicy {
    return this.grant(grantee, role, "list", [allow("sagemaker:ListModelPackages", this.packageArn("*"))]);
  }

  /** Lets `role` register versions, always as pending: what goes into service is decided apart from who trains. */
  grantRegister(grantee: string, role: aws.iam.Role): aws.iam.RolePolicy {
    return this.grant(grantee, role, "register", [
      allow("sagemaker:CreateModelPackage", this.packageArn("*"), {
        StringEquals: { "sagemaker:ModelApprovalStatus": "PendingManualApproval" },
      }),
    ]);
  }

  /** Lets `role` reject any version. */
  grantReject(grantee: string, role: aws.iam.Role): aws.iam.RolePolicy {
    return this.grantStatus(grantee, role, "reject", "Rejected", "*");
  }

  /** Lets `role` approve any version: the gate decides. */
  grantApprove(grantee: string, role: aws.iam.Role): aws.iam.RolePolicy {
    return this.grantStatus(grantee, role, "approve", "Approved", "*");
  }

  /** Lets `role` approve the baseline, which is in service already, and nothing else: a person decides. */
  grantApproveBaseline(grantee: string, role: aws.iam.Role): aws.iam.RolePolicy {
    return this.grantStatus(grantee, role, "approve-baseline", "Approved", BASELINE_VERSION);
  }

  /** Lets `role` write the group's model cards. */
  grantDescribe(grantee: string, role: aws.iam.Role): aws.iam.RolePolicy {
    const actions = ["Create", "Describe", "Update"].map((verb) => `sagemaker:${verb}ModelCard`);
    return this.grant(grantee, role, "describe", [allow(actions, this.modelCardPattern)]);
  }

  private grantStatus(
    grantee: string,
    role: aws.iam.Role,
    verb: string,
    status: "Approved" | "Rejected",
    version: number | "*",
  ): aws.iam.RolePolicy {
    return this.grant(grantee, role, verb, [
      allow("sagemaker:UpdateModelPackage", this.packageArn(version), {
        StringEquals: { "sagemaker:ModelApprovalStatus": status },
      }),
    ]);
  }

  private grant(
    grantee: string,
    role: aws.iam.Role,
    verb: string,
    statements: aws.iam.PolicyStatement[],
  ): aws.iam.RolePolicy {
    return new aws.iam.RolePolicy(
      `${this.name}-${grantee}-${verb}`,
      { role: role.id, policy: document(...statements) },
      { parent: this },
    );
  }
}
