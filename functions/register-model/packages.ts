import { createHash } from "node:crypto";
import {
  CreateModelPackageCommand,
  type CreateModelPackageCommandInput,
  DescribeModelPackageCommand,
  ListModelPackagesCommand,
  type ListModelPackagesCommandInput,
  type SageMakerClient,
  UpdateModelPackageCommand,
} from "@aws-sdk/client-sagemaker";
import {
  type ApprovalStatus,
  type Lineage,
  parse,
  Registration,
  toCustomerMetadata,
} from "@perennial/contracts";

/** A package as it is to be registered: always pending first, because an approval is an event of its own. */
export interface Proposal {
  readonly modelPackageGroup: string;
  /** Container image that serves the model. */
  readonly image: string;
  readonly modelDataUrl: string;
  readonly description: string;
  readonly lineage: Lineage;
}

/** What a Lambda of ours decides about a package. */
export interface Decision {
  readonly status: Exclude<ApprovalStatus, "PendingManualApproval">;
  readonly reason: string;
}

/** Content types that the serving container takes and gives. */
const CONTENT_TYPES = ["application/json", "application/jsonlines", "text/csv"];
/** SageMaker's limit for both descriptions. */
const LONGEST_DESCRIPTION = 1024;
/** A retried registration finds its package among the latest: one workload registers one model at a time. */
const LATEST = 5;

/** The model package groups, as far as registering needs them. */
export class ModelPackages {
  private readonly sageMaker: Pick<SageMakerClient, "send">;

  constructor(sageMaker: Pick<SageMakerClient, "send">) {
    this.sageMaker = sageMaker;
  }

  /** The package that `execution` registered, among the latest of the group; null if there is none. */
  async findByExecution(modelPackageGroup: string, execution: string): Promise<Registration | null> {
    const arns = await this.list(modelPackageGroup, { SortOrder: "Descending", MaxResults: LATEST });
    for (const arn of arns) {
      const found = await this.describe(arn);
      if (found.execution === execution) return found.registration;
    }
    return null;
  }

  /** The group's oldest package with the execution that it names; null while the group is empty. */
  async findFirst(
    modelPackageGroup: string,
  ): Promise<{ registration: Registration; execution: string | undefined } | null> {
    const [arn] = await this.list(modelPackageGroup, { SortOrder: "Ascending", MaxResults: 1 });
    return arn === undefined ? null : await this.describe(arn);
  }

  /**
   * Registers a package as pending. Twice the same proposal gives one package: the token derives from what is proposed.
   *
   * @throws {InvalidInput} if the lineage doesn't fit into a package's metadata.
   */
  async create(proposal: Proposal): Promise<Registration> {
    const { modelPackageGroup, image, modelDataUrl, lineage } = proposal;
    const input: CreateModelPackageCommandInput = {
      ModelPackageGroupName: modelPackageGroup,
      ModelPackageDescription: described(proposal.description),
      ModelApprovalStatus: "PendingManualApproval",
      ClientToken: tokenFor("create", modelPackageGroup, lineage.execution, lineage.artifactSha256),
      InferenceSpecification: {
        Containers: [{ Image: image, ModelDataUrl: modelDataUrl }],
        SupportedContentTypes: CONTENT_TYPES,
        SupportedResponseMIMETypes: CONTENT_TYPES,
      },
      CustomerMetadataProperties: toCustomerMetadata(lineage),
    };
    if (lineage.evaluationUri !== "none") {
      const Statistics = { ContentType: "application/json", S3Uri: lineage.evaluationUri };
      input.ModelMetrics = { ModelQuality: { Statistics } };
    }
    const { ModelPackageArn } = await this.sageMaker.send(new CreateModelPackageCommand(input));
    return toRegistration(ModelPackageArn, ModelPackageArn?.split("/").at(-1), "PendingManualApproval");
  }

  /** Approves or rejects a package, with the reason as its approval description. */
  async decide(registration: Registration, { status, reason }: Decision): Promise<Registration> {
    const { modelPackageArn } = registration;
    await this.sageMaker.send(
      new UpdateModelPackageCommand({
        ModelPackageArn: modelPackageArn,
        ModelApprovalStatus: status,
        ApprovalDescription: described(reason),
        ClientToken: tokenFor("decide", modelPackageArn, status, reason),
      }),
    );
    return { ...registration, approvalStatus: status };
  }

  private async list(
    modelPackageGroup: string,
    order: Pick<ListModelPackagesCommandInput, "SortOrder" | "MaxResults">,
  ): Promise<string[]> {
    const { ModelPackageSummaryList = [] } = await this.sageMaker.send(
      new ListModelPackagesCommand({
        ModelPackageGroupName: modelPackageGroup,
        SortBy: "CreationTime",
        ...order,
      }),
    );
    return ModelPackageSummaryList.flatMap(({ ModelPackageArn: arn }) => (arn === undefined ? [] : [arn]));
  }

  private async describe(
    arn: string,
  ): Promise<{ registration: Registration; execution: string | undefined }> {
    const found = await this.sageMaker.send(new DescribeModelPackageCommand({ ModelPackageName: arn }));
    return {
      registration: toRegistration(arn, found.ModelPackageVersion, found.ModelApprovalStatus),
      execution: found.CustomerMetadataProperties?.["execution"],
    };
  }
}

function toRegistration(
  modelPackageArn: string | undefined,
  version: string | number | undefined,
  approvalStatus: string | undefined,
): Registration {
  const answer = { modelPackageArn, version: Number(version), approvalStatus };
  return parse(Registration, answer, `SageMaker's answer about ${modelPackageArn ?? "a model package"}`);
}

/** One line within SageMaker's limit. */
function described(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line.length <= LONGEST_DESCRIPTION ? line : `${line.slice(0, LONGEST_DESCRIPTION - 1)}…`;
}

/** A client token is at most 36 characters of letters, digits and hyphens. */
function tokenFor(...parts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 36);
}
