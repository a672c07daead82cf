import { z } from "zod";
import type { Caller } from "../gateway/interfaces.ts";
import { join } from "node:path";
import { Records } from "./records.ts";
import { inUse, invalid, page, readInput, ResourceName, Tags } from "./requests.ts";
import type { Operations, Surroundings } from "./surroundings.ts";

const Approval = z.enum(["Approved", "Rejected", "PendingManualApproval"]);
const Metadata = z
  .record(z.string().max(128), z.string().max(256))
  .refine((all) => Object.keys(all).length <= 50, {
    error: "expected at most 50 entries",
  });

const Group = z.object({
  ModelPackageGroupName: ResourceName,
  ModelPackageGroupDescription: z.string().max(1024).optional(),
  Tags: Tags.optional(),
});

const NewPackage = z.looseObject({
  ModelPackageGroupName: z.string(),
  ModelPackageDescription: z.string().max(1024).optional(),
  InferenceSpecification: z.record(z.string(), z.unknown()).optional(),
  ModelApprovalStatus: Approval.default("PendingManualApproval"),
  CustomerMetadataProperties: Metadata.optional(),
});

const Update = z.object({
  ModelPackageArn: z.string(),
  ModelApprovalStatus: Approval.optional(),
  ApprovalDescription: z.string().max(1024).optional(),
  CustomerMetadataProperties: Metadata.optional(),
  CustomerMetadataPropertiesToRemove: z.array(z.string()).optional(),
});

interface StoredGroup {
  ModelPackageGroupName: string;
  ModelPackageGroupArn: string;
  ModelPackageGroupDescription?: string;
  CreationTime: number;
  ModelPackageGroupStatus: "Completed";
  /** Versions are never given out twice, also after one was deleted. */
  lastVersion: number;
}

interface StoredPackage extends Record<string, unknown> {
  ModelPackageArn: string;
  ModelPackageGroupName: string;
  ModelPackageVersion: number;
  ModelApprovalStatus: z.output<typeof Approval>;
  ApprovalDescription?: string | undefined;
  CustomerMetadataProperties?: Record<string, string> | undefined;
  CreationTime: number;
  LastModifiedTime?: number;
}

/** The model registry: groups, and the versions in them with their approval. */
export class ModelPackages {
  private readonly groups: Records<StoredGroup>;
  private readonly packages: Records<StoredPackage>;
  private readonly surroundings: Surroundings;

  constructor(surroundings: Surroundings) {
    const folder = join(surroundings.stateFolder, "registry");
    this.surroundings = surroundings;
    this.groups = new Records(join(folder, "model-package-groups"));
    this.packages = new Records(join(folder, "model-packages"));
  }

  operations(): Operations {
    return {
      CreateModelPackageGroup: async (input) => this.createGroup(input),
      DescribeModelPackageGroup: async (input) =>
        describedGroup(this.groupNamed(input["ModelPackageGroupName"])),
      ListModelPackageGroups: async (input) => this.listGroups(input),
      DeleteModelPackageGroup: async (input) => this.deleteGroup(input),
      CreateModelPackage: async (input, caller) => this.create(input, caller),
      DescribeModelPackage: async (input) => this.packageNamed(input["ModelPackageName"]),
      UpdateModelPackage: async (input, caller) => this.update(input, caller),
      ListModelPackages: async (input) => this.list(input),
      BatchDescribeModelPackage: async (input) => this.describeMany(input),
      DeleteModelPackage: async (input) => this.delete(input),
    };
  }

  private createGroup(input: Record<string, unknown>): { ModelPackageGroupArn: string } {
    const { Tags: _tags, ...group } = readInput(Group, input);
    const { ModelPackageGroupName: name } = group;
    if (this.groups.get(name) !== undefined) throw inUse(`The model package group ${name}`);
    const ModelPackageGroupArn = this.arn("model-package-group", name);
    const { ModelPackageGroupDescription } = group;
    this.groups.put(name, {
      ModelPackageGroupName: name,
      ModelPackageGroupArn,
      ...(ModelPackageGroupDescription === undefined ? {} : { ModelPackageGroupDescription }),
      CreationTime: this.now(),
      ModelPackageGroupStatus: "Completed",
      lastVersion: 0,
    });
    return { ModelPackageGroupArn };
  }

  private listGroups(input: Record<string, unknown>) {
    const { items, ...rest } = page(
      this.groups.all(),
      ({ ModelPackageGroupName: name, CreationTime: createdAt }) => ({ name, createdAt }),
      input,
      "Ascending",
    );
    return { ModelPackageGroupSummaryList: items.map(describedGroup), ...rest };
  }

  private deleteGroup(input: Record<string, unknown>): Record<string, never> {
    const { ModelPackageGroupName: name } = this.groupNamed(input["ModelPackageGroupName"]);
    if (this.packagesOf(name).length > 0) {
      throw invalid(`The model package group ${name} still holds versions. Delete those first.`);
    }
    this.groups.delete(name);
    return {};
  }

  private create(input: Record<string, unknown>, caller: Caller): { ModelPackageArn: string } {
    const { Tags: _tags, ClientToken: _token, ...given } = readInput(NewPackage, input);
    const group = this.groupNamed(given.ModelPackageGroupName);
    const version = group.lastVersion + 1;
    this.groups.put(group.ModelPackageGroupName, { ...group, lastVersion: version });
    const ModelPackageArn = this.arn("model-package", `${group.ModelPackageGroupName}/${version}`);
    const created: StoredPackage = {
      ...withoutAbsent(given),
      ModelPackageGroupName: group.ModelPackageGroupName,
      ModelPackageVersion: version,
      ModelPackageArn,
      ModelApprovalStatus: given.ModelApprovalStatus,
      CreationTime: this.now(),
      ModelPackageStatus: "Completed",
      ModelPackageStatusDetails: { ValidationStatuses: [], ImageScanStatuses: [] },
      CertifyForMarketplace: false,
      CreatedBy: { IamIdentity: { Arn: caller.principalArn } },
    };
    this.packages.put(ModelPackageArn, created);
    this.announce(created, []);
    return { ModelPackageArn };
  }

  private update(input: Record<string, unknown>, caller: Caller): { ModelPackageArn: string } {
    const change = readInput(Update, input);
    const before = this.packageNamed(change.ModelPackageArn);
    const {
      ModelApprovalStatus,
      ApprovalDescription,
      CustomerMetadataPropertiesToRemove: removed = [],
    } = change;
    const metadata = { ...before.CustomerMetadataProperties, ...change.CustomerMetadataProperties };
    const kept = Object.entries(metadata).filter(([key]) => !removed.includes(key));
    const after: StoredPackage = {
      ...before,
      ModelApprovalStatus: ModelApprovalStatus ?? before.ModelApprovalStatus,
      ApprovalDescription: ApprovalDescription ?? before.ApprovalDescription,
      ...(kept.length > 0 ? { CustomerMetadataProperties: Object.fromEntries(kept) } : {}),
      LastModifiedTime: this.now(),
      LastModifiedBy: { IamIdentity: { Arn: caller.principalArn } },
    };
    if (kept.length === 0) delete after.CustomerMetadataProperties;
    this.packages.put(after.ModelPackageArn, after);
    const {
      ModelPackageArn: _arn,
      CustomerMetadataPropertiesToRemove: _removed,
      ...fields
    } = withoutAbsent(change);
    this.announce(after, Object.keys(fields));
    return { ModelPackageArn: after.ModelPackageArn };
  }

  private list(input: Record<string, unknown>) {
    const { ModelPackageGroupName, ModelApprovalStatus } = input;
    const ofGroup =
      ModelPackageGroupName === undefined
        ? this.packages.all()
        : this.packagesOf(this.groupNamed(ModelPackageGroupName).ModelPackageGroupName);
    const { items, ...rest } = page(
      ofGroup.filter(
        (one) => ModelApprovalStatus === undefined || one.ModelApprovalStatus === ModelApprovalStatus,
      ),
      ({ ModelPackageArn: name, CreationTime: createdAt }) => ({ name, createdAt }),
      input,
      "Ascending",
    );
    return { ModelPackageSummaryList: items.map(summarised), ...rest };
  }

  private describeMany(input: Record<string, unknown>) {
    const arns = readInput(z.object({ ModelPackageArnList: z.array(z.string()).min(1).max(100) }), input);
    const found = arns.ModelPackageArnList.map((arn) => [arn, this.packages.get(arn)] as const);
    const missing = { ErrorCode: "ResourceNotFound", ErrorResponse: "There is no such model package." };
    return {
      ModelPackageSummaries: Object.fromEntries(found.filter(([, one]) => one !== undefined)),
      BatchDescribeModelPackageErrorMap: Object.fromEntries(
        found.filter(([, one]) => one === undefined).map(([arn]) => [arn, missing]),
      ),
    };
  }

  private delete(input: Record<string, unknown>): Record<string, never> {
    this.packages.delete(this.packageNamed(input["ModelPackageName"]).ModelPackageArn);
    return {};
  }

  /** The event that SageMaker sends for a new version and for every update, also one of metadata alone. */
  private announce(changed: StoredPackage, updatedFields: string[]): void {
    this.surroundings.events({
      source: "aws.sagemaker",
      "detail-type": "SageMaker Model Package State Change",
      resources: [changed.ModelPackageArn],
      detail: { ...changed, UpdatedModelPackageFields: updatedFields },
    });
  }

  private groupNamed(nameOrArn: unknown): StoredGroup {
    const name = typeof nameOrArn === "string" ? (nameOrArn.split("/").at(-1) ?? "") : "";
    const group = this.groups.get(name);
    if (group === undefined) {
      throw invalid(`ModelPackageGroup ${this.arn("model-package-group", name)} does not exist.`);
    }
    return group;
  }

  private packageNamed(arn: unknown): StoredPackage {
    const found = typeof arn === "string" ? this.packages.get(arn) : undefined;
    if (found === undefined) throw invalid(`ModelPackage ${String(arn)} does not exist.`);
    return found;
  }

  private packagesOf(group: string): StoredPackage[] {
    return this.packages
      .all()
      .filter(({ ModelPackageGroupName }) => ModelPackageGroupName === group)
      .sort((a, b) => a.ModelPackageVersion - b.ModelPackageVersion);
  }

  private now(): number {
    return this.surroundings.clock.now() / 1000;
  }

  private arn(kind: string, name: string): string {
    const { accountId, region } = this.surroundings.gateway.identity;
    return `arn:aws:sagemaker:${region}:${accountId}:${kind}/${name}`;
  }
}

function describedGroup({ lastVersion: _lastVersion, ...group }: StoredGroup) {
  return group;
}

function summarised(one: StoredPackage) {
  const { ModelPackageGroupName, ModelPackageVersion, ModelPackageArn, ModelApprovalStatus, CreationTime } =
    one;
  const { ModelPackageDescription, ModelPackageStatus } = one;
  return {
    ModelPackageGroupName,
    ModelPackageVersion,
    ModelPackageArn,
    ModelPackageDescription,
    CreationTime,
    ModelPackageStatus,
    ModelApprovalStatus,
  };
}

function withoutAbsent<Members extends object>(members: Members): Partial<Members> {
  return Object.fromEntries(
    Object.entries(members).filter(([, value]) => value !== undefined),
  ) as Partial<Members>;
}
