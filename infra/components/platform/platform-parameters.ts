import type { Platform } from "@perennial/contracts";
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

/** `Shape` with texts that may still be outputs. */
type Described<Shape> = Shape extends string
  ? pulumi.Input<string>
  : { [Key in keyof Shape]: Described<Shape[Key]> };

export interface PlatformParametersArgs {
  /** Name of the parameter that describes the stack. */
  platformName: string;
  platform: Described<Platform>;
  /** Name of the parameter whose change says that the serving image changed. */
  servingImageName: string;
  servingImageUri: pulumi.Input<string>;
  /** Hash of each scoring function's code, by the name of the parameter whose change says that it changed. */
  scoringCode: Record<string, pulumi.Input<string>>;
}

/** What the stack publishes about itself: names, no secrets. */
export class PlatformParameters extends pulumi.ComponentResource {
  constructor(name: string, args: PlatformParametersArgs, opts?: pulumi.ComponentResourceOptions) {
    super("perennial:platform:PlatformParameters", name, {}, opts);
    new aws.ssm.Parameter(
      name,
      {
        name: args.platformName,
        description: "What this stack of Perennial holds; the command line finds its way by it.",
        type: "String",
        // The standard tier ends at 4 KB, which five workloads exceed.
        tier: "Advanced",
        // Not `value`, which Pulumi keeps as a secret.
        insecureValue: pulumi.jsonStringify(args.platform),
      },
      { parent: this },
    );
    new aws.ssm.Parameter(
      `${name}-serving-image`,
      {
        name: args.servingImageName,
        description: "Image behind the endpoints. A change of it starts a rollout of what is live.",
        type: "String",
        insecureValue: args.servingImageUri,
      },
      { parent: this },
    );
    for (const [parameter, hash] of Object.entries(args.scoringCode)) {
      new aws.ssm.Parameter(
        `${name}-${parameter.split("/").at(-1)}-code`,
        {
          name: parameter,
          description: "Code of a scoring function. A change of it starts a rollout of what is live.",
          type: "String",
          insecureValue: hash,
        },
        { parent: this },
      );
    }
    this.registerOutputs();
  }
}
