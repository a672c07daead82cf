import * as aws from "@pulumi/aws";
import * as dockerBuild from "@pulumi/docker-build";
import * as pulumi from "@pulumi/pulumi";
import { allow, document } from "../../policies.ts";

export interface ContainerImageArgs {
  /** An image that exists, by digest. Nothing is built then. */
  imageUri: string | undefined;
  repositoryName: string;
  keyArn: pulumi.Input<string>;
  /** Folder that the build may read, and its Dockerfile. */
  contextPath: string;
  dockerfilePath: string;
  /** Keeps the repository and its images when the stack is destroyed. */
  protect: boolean;
}

/** Images of a repository that nothing refers to any more are the oldest; the last this many stay. */
const KEPT_IMAGES = 200;

/**
 * An image by digest: built from a Dockerfile and pushed to a repository of its own, or given by its URI.
 *
 * Pushing uses the machine's own login to the registry (`docker login`, or the Amazon ECR credential helper), so that no
 * token travels through the stack's state. Set BUILDX_NO_DEFAULT_ATTESTATIONS=1 where builds run outside the provider.
 */
export class ContainerImage extends pulumi.ComponentResource {
  readonly imageUri: pulumi.Output<string>;
  private readonly name: string;
  private readonly repositoryArn: pulumi.Output<string> | undefined;

  constructor(name: string, args: ContainerImageArgs, opts?: pulumi.ComponentResourceOptions) {
    super("perennial:images:ContainerImage", name, {}, opts);
    this.name = name;
    if (args.imageUri !== undefined) {
      this.imageUri = pulumi.output(args.imageUri);
      this.repositoryArn = repositoryOf(args.imageUri);
    } else {
      const repository = this.createRepository(args);
      this.repositoryArn = repository.arn;
      this.imageUri = this.build(args, repository);
    }
    this.registerOutputs({ imageUri: this.imageUri });
  }

  /** Lets `role` pull the image. */
  grantPull(grantee: string, role: aws.iam.Role): aws.iam.RolePolicy {
    const actions = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"];
    const statements = [
      // GetAuthorizationToken knows no resources; the token opens only what the other statement allows.
      allow("ecr:GetAuthorizationToken", "*"),
      ...(this.repositoryArn === undefined ? [] : [allow(actions, this.repositoryArn)]),
    ];
    return new aws.iam.RolePolicy(
      `${this.name}-${grantee}-pull`,
      { role: role.id, policy: document(...statements) },
      { parent: this },
    );
  }

  private createRepository({ repositoryName, keyArn, protect }: ContainerImageArgs): aws.ecr.Repository {
    const repository = new aws.ecr.Repository(
      this.name,
      {
        name: repositoryName,
        imageTagMutability: "MUTABLE", // The one tag moves; everything refers to digests.
        imageScanningConfiguration: { scanOnPush: true },
        encryptionConfigurations: [{ encryptionType: "KMS", kmsKey: keyArn }],
        forceDelete: !protect,
      },
      { parent: this, protect },
    );
    const selection = { tagStatus: "any", countType: "imageCountMoreThan", countNumber: KEPT_IMAGES };
    new aws.ecr.LifecyclePolicy(
      this.name,
      {
        repository: repository.name,
        policy: JSON.stringify({ rules: [{ rulePriority: 1, selection, action: { type: "expire" } }] }),
      },
      { parent: this },
    );
    return repository;
  }

  private build(
    { contextPath, dockerfilePath }: ContainerImageArgs,
    repository: aws.ecr.Repository,
  ): pulumi.Output<string> {
    const image = new dockerBuild.Image(
      this.name,
      {
        context: { location: contextPath },
        dockerfile: { location: dockerfilePath },
        platforms: ["linux/amd64"],
        // SageMaker hosting refuses OCI manifests and indexes.
        tags: [pulumi.interpolate`${repository.repositoryUrl}:current`],
        exports: [{ registry: { ociMediaTypes: false, push: true } }],
        push: false,
        buildOnPreview: false,
      },
      { parent: this },
    );
    // By digest and without the tag: SageMaker takes one or the other.
    return pulumi.interpolate`${repository.repositoryUrl}@${image.digest}`;
  }
}

/** ARN of the repository an ECR image lies in; an image elsewhere is public and needs no permission. */
function repositoryOf(imageUri: string): pulumi.Output<string> | undefined {
  const match = /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com\/([^@:]+)/.exec(imageUri);
  if (match === null) return undefined;
  const [, account, region, repository] = match;
  return pulumi.output(`arn:aws:ecr:${region}:${account}:repository/${repository}`);
}
