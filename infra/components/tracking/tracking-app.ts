import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { allow, document } from "../../policies.ts";

export interface TrackingAppArgs {
  appName: string;
  /** Role by which the app shows the artifacts of runs. */
  role: aws.iam.Role;
  /** What the role may do: an app that is created before can't reach its artifacts. */
  granted: aws.iam.RolePolicy[];
  /** Folder of a bucket where runs keep their artifacts. */
  artifactStoreUri: pulumi.Input<string>;
}

/** SageMaker's serverless MLflow: where data scientists compare runs and find versions. */
export class TrackingApp extends pulumi.ComponentResource {
  readonly appArn: pulumi.Output<string>;
  private readonly name: string;

  constructor(name: string, args: TrackingAppArgs, opts?: pulumi.ComponentResourceOptions) {
    super("perennial:tracking:TrackingApp", name, {}, opts);
    const app = new aws.sagemaker.MlflowApp(
      name,
      {
        name: args.appName,
        roleArn: args.role.arn,
        artifactStoreUri: args.artifactStoreUri,
        // SageMaker's registry decides about models, and MLflow's follows: the other way round there would be two.
        modelRegistrationMode: "AutoModelRegistrationDisabled",
      },
      { parent: this, dependsOn: args.granted },
    );
    this.name = name;
    this.appArn = app.arn;
    this.registerOutputs({ appArn: this.appArn });
  }

  /** Lets `role` speak MLflow's REST API with the app; SageMaker knows one permission for all of it. */
  grantCall(grantee: string, role: aws.iam.Role): aws.iam.RolePolicy {
    return new aws.iam.RolePolicy(
      `${this.name}-${grantee}-call`,
      { role: role.id, policy: document(allow("sagemaker:CallMlflowAppApi", this.appArn)) },
      { parent: this },
    );
  }
}
