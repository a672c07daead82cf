import {
  DescribeModelPackageCommand,
  ListModelPackagesCommand,
  type SageMakerClient,
} from "@aws-sdk/client-sagemaker";
import { ApprovalStatus, type RegistryRecord, toRegistryRecord } from "@perennial/contracts";

/** A version in SageMaker's registry, as a list shows it. */
export interface ListedPackage {
  arn: string;
  version: number;
  status: ApprovalStatus;
  /** Milliseconds since 1970. */
  createdAt: number;
}

/** The model package groups, which decide about models; MLflow's registry follows them. */
export class ModelPackages {
  private readonly sageMaker: Pick<SageMakerClient, "send">;

  constructor(sageMaker: Pick<SageMakerClient, "send">) {
    this.sageMaker = sageMaker;
  }

  /** Every version of a group, ascending. */
  async list(modelPackageGroup: string): Promise<ListedPackage[]> {
    const packages: ListedPackage[] = [];
    let NextToken: string | undefined;
    do {
      const page = await this.sageMaker.send(
        new ListModelPackagesCommand({
          ModelPackageGroupName: modelPackageGroup,
          MaxResults: 100,
          ...(NextToken === undefined ? {} : { NextToken }),
        }),
      );
      for (const {
        ModelPackageArn,
        ModelPackageVersion,
        ModelApprovalStatus,
        CreationTime,
      } of page.ModelPackageSummaryList ?? []) {
        if (ModelPackageArn === undefined || ModelPackageVersion === undefined) continue;
        packages.push({
          arn: ModelPackageArn,
          version: ModelPackageVersion,
          status: ApprovalStatus.parse(ModelApprovalStatus),
          createdAt: CreationTime?.getTime() ?? 0,
        });
      }
      NextToken = page.NextToken;
    } while (NextToken !== undefined);
    return packages.toSorted((a, b) => a.version - b.version);
  }

  /** @throws {InvalidInput} for a package that was made by hand. */
  async describe(workload: string, arn: string): Promise<RegistryRecord> {
    const described = await this.sageMaker.send(new DescribeModelPackageCommand({ ModelPackageName: arn }));
    return toRegistryRecord(workload, described);
  }
}
