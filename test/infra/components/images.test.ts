import * as aws from "@pulumi/aws";
import { expect, it } from "vitest";
import { ContainerImage, type ContainerImageArgs } from "../../../infra/components/images/container-image.ts";
import { deploy, type Registered } from "../../support/deploy.ts";

const DIGEST = `sha256:${"d".repeat(64)}`;
const args: ContainerImageArgs = {
  imageUri: undefined,
  repositoryName: "perennial-dev-training",
  keyArn: "arn:aws:kms:eu-central-1:123456789012:key/k",
  contextPath: "training-images/tabular",
  dockerfilePath: "training-images/tabular/Dockerfile",
  protect: false,
};
const deployed = async (changes: Partial<ContainerImageArgs> = {}) => {
  let uri: Promise<string> | undefined;
  const resources = await deploy(() => {
    const role = new aws.iam.Role("puller", { name: "puller", assumeRolePolicy: "{}" });
    const image = new ContainerImage("image", { ...args, ...changes });
    image.grantPull("puller", role);
    uri = new Promise((resolve) => image.imageUri.apply(resolve));
  });
  return { resources, uri: await uri };
};
const pullFrom = (resources: Registered[]) =>
  resources
    .filter(({ type }) => type === "aws:iam/rolePolicy:RolePolicy")
    .flatMap(({ inputs }) =>
      inputs["policy"].Statement.map(({ Resource }: { Resource: string }) => Resource),
    );

it("is built for one platform, in the form that SageMaker takes, and known by its digest", async () => {
  const { resources, uri } = await deployed();
  expect(resources.find(({ type }) => type === "docker-build:index:Image")?.inputs).toEqual({
    context: { location: "training-images/tabular" },
    dockerfile: { location: "training-images/tabular/Dockerfile" },
    platforms: ["linux/amd64"],
    network: "default", // The package's own default.
    tags: ["123456789012.dkr.ecr.eu-central-1.amazonaws.com/perennial-dev-training:current"],
    exports: [{ registry: { ociMediaTypes: false, push: true } }],
    push: false,
    buildOnPreview: false,
  });
  expect(uri).toBe(`123456789012.dkr.ecr.eu-central-1.amazonaws.com/perennial-dev-training@${DIGEST}`);
  expect(pullFrom(resources)).toEqual([
    "*",
    "arn:aws:ecr:eu-central-1:123456789012:repository/perennial-dev-training",
  ]);
});

it("is taken as it is where its URI is given, and may be pulled from where it lies", async () => {
  const imageUri = `210987654321.dkr.ecr.us-east-1.amazonaws.com/team/tabular@${DIGEST}`;
  const { resources, uri } = await deployed({ imageUri });
  expect(resources.filter(({ type }) => /^(docker-build|aws:ecr)/.test(type))).toEqual([]);
  expect(uri).toBe(imageUri);
  expect(pullFrom(resources)).toEqual(["*", "arn:aws:ecr:us-east-1:210987654321:repository/team/tabular"]);
});
