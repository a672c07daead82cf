import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { allow, document } from "../../policies.ts";

export interface ApiAccountArgs {
  roleName: string;
  /** Log groups of the account and region, with wildcards: every API there keeps its log with the one role. */
  logGroupPattern: string;
}

/**
 * What API Gateway needs in an account and region before any stage may keep a log: a role to write with. There is one such
 * setting for all APIs, so one stack keeps it.
 */
export class ApiAccount extends pulumi.ComponentResource {
  constructor(
    name: string,
    { roleName, logGroupPattern }: ApiAccountArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("perennial:http-api:ApiAccount", name, {}, opts);
    const role = new aws.iam.Role(
      name,
      {
        name: roleName,
        description: "Logs of the account's APIs in API Gateway",
        // As AWS states it, without a condition: nothing says that API Gateway would name what it acts for.
        // https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
        assumeRolePolicy: document({
          Effect: "Allow",
          Principal: { Service: "apigateway.amazonaws.com" },
          Action: "sts:AssumeRole",
        }),
      },
      { parent: this },
    );
    const policy = new aws.iam.RolePolicy(
      name,
      {
        role: role.id,
        // What AWS lists, though logs are only written: API Gateway refuses a role that may do less.
        // https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
        policy: document(
          allow(
            [
              "logs:CreateLogGroup",
              "logs:CreateLogStream",
              "logs:DescribeLogStreams",
              "logs:FilterLogEvents",
              "logs:GetLogEvents",
              "logs:PutLogEvents",
            ],
            logGroupPattern,
          ),
          // It knows no resources.
          allow("logs:DescribeLogGroups", "*"),
        ),
      },
      { parent: this },
    );
    // API Gateway tries the role out when it is told of it.
    new aws.apigateway.Account(name, { cloudwatchRoleArn: role.arn }, { parent: this, dependsOn: [policy] });
    this.registerOutputs();
  }
}
