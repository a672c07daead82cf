import { beforeAll, describe, expect, it, vi } from "vitest";
import type { Registered } from "../support/deploy.ts";
import { evaluate } from "../support/program.ts";
import { statementsOf } from "../support/statements.ts";

// Every statement of every role, in full: who may do what is decided here and nowhere else.

interface Statement {
  Effect: "Allow" | "Deny";
  Action: string[];
  Resource: string[];
  Condition?: Record<string, Record<string, unknown>>;
}

const importProgram = async () => {
  vi.resetModules();
  return await import("../../infra/index.ts");
};
const stacks: Record<string, Registered[]> = {};

beforeAll(async () => {
  stacks["dev"] = await evaluate("dev", importProgram);
  stacks["prod"] = await evaluate("prod", importProgram);
}, 120_000);

const W = "hospital-readmission";
const arn = (service: string, resource: string) => `arn:aws:${service}:eu-central-1:123456789012:${resource}`;
const KEY = arn("kms", "key/key");

const policies = (stack: string, account: string) => {
  const P = `perennial-${stack}`;
  // Names that the program computes lie in the stack's account, those of recorded resources in the recorder's.
  const own = (service: string, resource: string) => `arn:aws:${service}:eu-central-1:${account}:${resource}`;
  const statement = (
    Effect: "Allow" | "Deny",
    Action: string | string[],
    Resource: string | string[],
    Condition?: Statement["Condition"],
  ): Statement => ({
    Effect,
    Action: [Action].flat(),
    Resource: [Resource].flat(),
    ...(Condition === undefined ? {} : { Condition }),
  });
  const allow = (
    actions: string | string[],
    resources: string | string[],
    condition?: Statement["Condition"],
  ) => statement("Allow", actions, resources, condition);
  const deny = (...args: Parameters<typeof allow>) => ({ ...allow(...args), Effect: "Deny" as const });

  const artifacts = `arn:aws:s3:::${P}-${account}-artifacts`;
  const lake = `arn:aws:s3:::${P}-${account}-lake`;
  const under = (bucket: string, ...folders: string[]) =>
    folders.map((folder) => `${bucket}/${folder}/${W}/*`);
  const list = (bucket: string, ...folders: string[]) =>
    allow("s3:ListBucket", bucket, {
      StringLike: { "s3:prefix": folders.map((folder) => `${folder}/${W}/*`) },
    });
  const read = (bucket: string, ...folders: string[]) => allow("s3:GetObject", under(bucket, ...folders));
  const write = (bucket: string, ...folders: string[]) => allow("s3:PutObject", under(bucket, ...folders));

  const via = (service: string) => ({
    StringEquals: { "kms:ViaService": [`${service}.eu-central-1.amazonaws.com`] },
  });
  const decrypt = (service: string) => allow("kms:Decrypt", KEY, via(service));
  const encrypt = (service: string) => allow(["kms:Decrypt", "kms:GenerateDataKey"], KEY, via(service));
  const volumes = [
    allow("kms:CreateGrant", KEY, { Bool: { "kms:GrantIsForAWSResource": "true" } }),
    allow("kms:DescribeKey", KEY),
  ];
  const ledger = (...verbs: string[]) =>
    allow(
      verbs.map((verb) => `dynamodb:${verb}`),
      arn("dynamodb", `table/${P}-ledger`),
      { "ForAllValues:StringEquals": { "dynamodb:LeadingKeys": [`workload#${W}`] } },
    );
  const putStates = allow("dynamodb:PutItem", arn("dynamodb", `table/${P}-online`), {
    "ForAllValues:StringLike": { "dynamodb:LeadingKeys": [`${W}#*`] },
  });
  const functionLogs = (name: string) =>
    allow(
      ["logs:CreateLogStream", "logs:PutLogEvents"],
      `${arn("logs", `log-group:/aws/lambda/${P}-${name}`)}:*`,
    );
  const deadLetters = (name: string) => [
    allow("sqs:SendMessage", arn("sqs", `${P}-${name}-dead-letters`)),
    encrypt("sqs"),
  ];
  const start = (kind: string) => [
    allow("states:StartExecution", arn("states", `stateMachine:${P}-${W}-${kind}`)),
    allow("states:DescribeExecution", arn("states", `execution:${P}-${W}-${kind}:*`)),
  ];
  const packages = arn("sagemaker", `model-package/${P}-${W}/*`);
  const readRegistry = allow("sagemaker:DescribeModelPackage", packages);
  const decide = (status: string, packageArn: string) =>
    allow("sagemaker:UpdateModelPackage", packageArn, {
      StringEquals: { "sagemaker:ModelApprovalStatus": status },
    });
  const invoke = (name: string) => allow("lambda:InvokeFunction", arn("lambda", `function:${P}-${name}`));
  const notify = [allow("sns:Publish", arn("sns", `${P}-alerts`)), encrypt("sns")];
  const pass = (...purposes: string[]) =>
    allow(
      "iam:PassRole",
      purposes.map((purpose) => `arn:aws:iam::123456789012:role/${P}-${W}-${purpose}`),
      { StringEquals: { "iam:PassedToService": "sagemaker.amazonaws.com" } },
    );
  const deliverLogs = allow(
    [
      "logs:CreateLogDelivery",
      "logs:DeleteLogDelivery",
      "logs:DescribeLogGroups",
      "logs:DescribeResourcePolicies",
      "logs:GetLogDelivery",
      "logs:ListLogDeliveries",
      "logs:PutResourcePolicy",
      "logs:UpdateLogDelivery",
    ],
    "*",
  );
  const report = allow("cloudwatch:PutMetricData", "*", {
    StringLike: { "cloudwatch:namespace": "/aws/sagemaker/*" },
  });
  const jobLogs = (group: string) =>
    allow(
      ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
      `${own("logs", `log-group:/aws/sagemaker/${group}`)}:*`,
    );
  const pull = (image: string) => [
    allow("ecr:GetAuthorizationToken", "*"),
    allow(
      ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
      arn("ecr", `repository/${P}-${image}`),
    ),
  ];
  const execution = `${W}-????????????`;
  const processingJobs = own("sagemaker", `processing-job/${execution}-prepare-*`);
  const trainingJobs = own("sagemaker", `training-job/${execution}-train-*`);
  const models = own("sagemaker", `model/${execution}`);
  const configurations = own("sagemaker", `endpoint-config/${execution}`);
  const endpoint = own("sagemaker", `endpoint/${P}-${W}`);
  const alarms = own("cloudwatch", `alarm:${P}-${execution}-*`);

  const roles: Record<string, Statement[]> = {
    [`${P}-admit-retraining`]: [
      ledger("GetItem", "PutItem"),
      decrypt("dynamodb"),
      ...start("retrain"),
      ...deadLetters("admit-retraining"),
      functionLogs("admit-retraining"),
    ],
    [`${P}-admit-rollout`]: [
      ledger("GetItem", "PutItem"),
      decrypt("dynamodb"),
      ...start("rollout"),
      readRegistry,
      ...deadLetters("admit-rollout"),
      functionLogs("admit-rollout"),
    ],
    [`${P}-release-lease`]: [
      ledger("GetItem", "PutItem"),
      decrypt("dynamodb"),
      ...deadLetters("release-lease"),
      functionLogs("release-lease"),
    ],
    [`${P}-record-outcome`]: [
      ledger("GetItem", "PutItem"),
      decrypt("dynamodb"),
      functionLogs("record-outcome"),
    ],
    [`${P}-answer-http`]: [
      allow("sagemaker:InvokeEndpoint", endpoint),
      ledger("GetItem"),
      decrypt("dynamodb"),
      functionLogs("answer-http"),
    ],
    [`${P}-http-api-logs`]: [
      allow(
        [
          "logs:CreateLogGroup",
          "logs:CreateLogStream",
          "logs:DescribeLogStreams",
          "logs:FilterLogEvents",
          "logs:GetLogEvents",
          "logs:PutLogEvents",
        ],
        own("logs", "log-group:*"),
      ),
      allow("logs:DescribeLogGroups", "*"),
    ],
    [`${P}-accept-data`]: [
      read(lake, "raw", "entities"),
      list(lake, "raw", "entities"),
      allow("s3:GetObjectVersion", under(lake, "raw")),
      read(lake, "gates"),
      list(lake, "snapshots"),
      write(lake, "snapshots", "accepted"),
      putStates,
      decrypt("dynamodb"),
      encrypt("s3"),
      functionLogs("accept-data"),
    ],
    [`${P}-write-card`]: [
      read(artifacts, "models", "specs", "evaluations", "audits", "verdicts"),
      read(lake, "gates"),
      write(artifacts, "cards"),
      encrypt("s3"),
      allow(
        ["sagemaker:CreateModelCard", "sagemaker:DescribeModelCard", "sagemaker:UpdateModelCard"],
        own("sagemaker", `model-card/${P}-${W}`),
      ),
      functionLogs("write-card"),
    ],
    [`${P}-track-model`]: [
      allow("sagemaker:CallMlflowAppApi", arn("sagemaker", `mlflow-app/app-${P}-tracking`)),
      allow(
        ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"],
        arn("sqs", `${P}-tracking`),
      ),
      ledger("GetItem"),
      ledger("Query"),
      read(artifacts, "audits", "cards", "evaluations", "models", "verdicts"),
      allow("s3:PutObject", `${artifacts}/tracking/*`),
      allow("kms:Decrypt", KEY, {
        StringEquals: {
          "kms:ViaService": ["dynamodb.eu-central-1.amazonaws.com", "sqs.eu-central-1.amazonaws.com"],
        },
      }),
      encrypt("s3"),
      readRegistry,
      allow("sagemaker:ListModelPackages", packages),
      functionLogs("track-model"),
    ],
    [`${P}-tracking`]: [
      allow("s3:GetObject", `${artifacts}/tracking/*`),
      allow("s3:ListBucket", artifacts, { StringLike: { "s3:prefix": ["tracking/*"] } }),
      allow("s3:PutObject", `${artifacts}/tracking/*`),
      encrypt("s3"),
    ],
    [`${P}-evaluate-model`]: [
      ledger("GetItem"),
      decrypt("dynamodb"),
      read(lake, "sealed"),
      read(artifacts, "baselines", "models", "specs"),
      write(artifacts, "evaluations", "audits"),
      encrypt("s3"),
      functionLogs("evaluate-model"),
    ],
    [`${P}-judge-challenger`]: [
      ledger("GetItem", "UpdateItem"),
      ledger("Query"),
      decrypt("dynamodb"),
      read(artifacts, "evaluations", "specs", "verdicts"),
      write(artifacts, "verdicts"),
      encrypt("s3"),
      functionLogs("judge-challenger"),
    ],
    [`${P}-register-model`]: [
      read(artifacts, "baselines", "evaluations", "models", "verdicts"),
      decrypt("s3"),
      readRegistry,
      allow("sagemaker:ListModelPackages", packages),
      allow("sagemaker:CreateModelPackage", packages, {
        StringEquals: { "sagemaker:ModelApprovalStatus": "PendingManualApproval" },
      }),
      decide("Rejected", packages),
      // In prod a person approves: the function may approve the baseline alone, which is in service already.
      decide("Approved", stack === "dev" ? packages : arn("sagemaker", `model-package/${P}-${W}/1`)),
      functionLogs("register-model"),
    ],
    [`${P}-check-capacity`]: [
      allow("sagemaker:DescribeEndpoint", endpoint),
      allow("servicequotas:ListServiceQuotas", "*"),
      functionLogs("check-capacity"),
    ],
    [`${P}-probe-endpoint`]: [
      read(artifacts, "specs"),
      decrypt("s3"),
      allow("sagemaker:InvokeEndpoint", endpoint),
      functionLogs("probe-endpoint"),
    ],
    [`${P}-verify-rollout`]: [
      read(artifacts, "specs"),
      decrypt("s3"),
      allow("sagemaker:InvokeEndpoint", endpoint),
      allow("cloudwatch:GetMetricData", "*"),
      functionLogs("verify-rollout"),
    ],
    [`${P}-${W}-processing`]: [
      read(lake, "raw", "snapshots", "accepted"),
      list(lake, "raw", "snapshots", "accepted"),
      write(lake, "prepared", "sealed", "gates", "entities"),
      read(artifacts, "specs"),
      list(artifacts, "specs"),
      encrypt("s3"),
      ...volumes,
      ...pull("training"),
      jobLogs("ProcessingJobs"),
      report,
    ],
    [`${P}-${W}-training`]: [
      read(lake, "prepared"),
      list(lake, "prepared"),
      deny(["s3:GetObject", "s3:GetObjectVersion"], `${lake}/sealed/*`),
      deny("s3:ListBucket", lake, { StringLike: { "s3:prefix": ["sealed/*"] } }),
      read(artifacts, "specs", "checkpoints"),
      list(artifacts, "specs", "checkpoints"),
      write(artifacts, "models", "checkpoints"),
      encrypt("s3"),
      ...volumes,
      ...pull("training"),
      jobLogs("TrainingJobs"),
      report,
    ],
    [`${P}-${W}-serving`]: [
      read(artifacts, "baselines", "models"),
      list(artifacts, "baselines", "models"),
      read(lake, "batch"),
      list(lake, "batch"),
      write(lake, "batch", "capture"),
      encrypt("s3"),
      ...volumes,
      ...pull("serving"),
      allow(
        ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
        `${arn("logs", `log-group:/aws/sagemaker/Endpoints/${P}-${W}`)}:*`,
      ),
      jobLogs("TransformJobs"),
      report,
    ],
    [`${P}-${W}-retrain`]: [
      allow(
        ["sagemaker:CreateProcessingJob", "sagemaker:DescribeProcessingJob", "sagemaker:StopProcessingJob"],
        processingJobs,
      ),
      allow(
        ["sagemaker:CreateTrainingJob", "sagemaker:DescribeTrainingJob", "sagemaker:StopTrainingJob"],
        trainingJobs,
      ),
      allow(["sagemaker:AddTags", "sagemaker:ListTags"], [processingJobs, trainingJobs]),
      pass("processing", "training"),
      allow(
        ["events:DescribeRule", "events:PutRule", "events:PutTargets"],
        [
          own("events", "rule/StepFunctionsGetEventsForSageMakerProcessingJobsRule"),
          own("events", "rule/StepFunctionsGetEventsForSageMakerTrainingJobsRule"),
        ],
      ),
      ...volumes,
      ...[
        "accept-data",
        "evaluate-model",
        "judge-challenger",
        "write-card",
        "register-model",
        "record-outcome",
      ].map(invoke),
      ...notify,
      deliverLogs,
    ],
    [`${P}-${W}-rollout`]: [
      ledger("GetItem", "PutItem", "UpdateItem"),
      decrypt("dynamodb"),
      allow(["sagemaker:CreateModel", "sagemaker:DeleteModel"], models),
      allow(["sagemaker:CreateEndpointConfig", "sagemaker:DeleteEndpointConfig"], configurations),
      allow("sagemaker:AddTags", [models, configurations]),
      allow("sagemaker:UpdateEndpoint", [
        endpoint,
        configurations,
        own("sagemaker", `endpoint-config/${P}-${W}-baseline`),
      ]),
      allow("sagemaker:DescribeEndpoint", endpoint),
      pass("serving"),
      allow("cloudwatch:PutMetricAlarm", alarms, {
        "ForAllValues:StringEquals": { "cloudwatch:AlarmActions": [arn("sns", `${P}-alerts`)] },
      }),
      allow("cloudwatch:DeleteAlarms", [alarms, own("cloudwatch", `alarm:${P}-${P}-${W}-baseline-*`)]),
      allow("cloudwatch:TagResource", alarms),
      allow("cloudwatch:DescribeAlarms", alarms),
      ...volumes,
      ...["check-capacity", "probe-endpoint", "verify-rollout", "record-outcome"].map(invoke),
      ...notify,
      deliverLogs,
    ],
  };
  return roles;
};

const sorted = (statements: Statement[]) =>
  statements
    .map(({ Effect, Action, Resource, Condition }) => JSON.stringify({ Effect, Action, Resource, Condition }))
    .toSorted();

const expected = { dev: policies("dev", "123456789012"), prod: policies("prod", "210987654321") };

describe.each(Object.entries(expected))("in %s", (stack, roles) => {
  it.each(Object.entries(roles))("%s may do exactly what it is there for", (role, statements) => {
    const granted = statementsOf(stacks[stack] ?? []).filter((statement) => statement.role === role);
    expect(sorted(granted as Statement[])).toEqual(sorted(statements));
  });

  it("holds no other role", () => {
    const names = (stacks[stack] ?? [])
      .filter(({ type }) => type === "aws:iam/role:Role")
      .map(({ inputs }) => String(inputs["name"]));
    expect(names.toSorted()).toEqual(Object.keys(roles).toSorted());
  });

  it("lets a service take a role only for what the role is for, in the stack's account", () => {
    const account = stack === "dev" ? "123456789012" : "210987654321";
    const P = `perennial-${stack}`;
    const lambda = (name: string) => [
      "lambda.amazonaws.com",
      `lambda:eu-central-1:${account}:function:${P}-${name}`,
    ];
    const sageMaker = ["sagemaker.amazonaws.com", `sagemaker:eu-central-1:${account}:*`];
    const states = (kind: string) => [
      "states.amazonaws.com",
      `states:eu-central-1:${account}:stateMachine:${P}-${W}-${kind}`,
    ];
    const trusted: Record<string, string[]> = {
      "accept-data": lambda("accept-data"),
      "admit-retraining": lambda("admit-retraining"),
      "admit-rollout": lambda("admit-rollout"),
      "answer-http": lambda("answer-http"),
      "evaluate-model": lambda("evaluate-model"),
      [`${W}-processing`]: sageMaker,
      [`${W}-retrain`]: states("retrain"),
      [`${W}-rollout`]: states("rollout"),
      [`${W}-serving`]: sageMaker,
      [`${W}-training`]: sageMaker,
      "judge-challenger": lambda("judge-challenger"),
      "record-outcome": lambda("record-outcome"),
      "register-model": lambda("register-model"),
      "check-capacity": lambda("check-capacity"),
      "probe-endpoint": lambda("probe-endpoint"),
      "release-lease": lambda("release-lease"),
      "verify-rollout": lambda("verify-rollout"),
      "track-model": lambda("track-model"),
      tracking: sageMaker,
      "write-card": lambda("write-card"),
    };
    const roles = (stacks[stack] ?? []).filter(({ type }) => type === "aws:iam/role:Role");
    const [ofApis] = roles.filter(({ name }) => name === "http-api-account");
    // AWS states no condition for the role that API Gateway keeps logs with.
    expect(ofApis?.inputs["assumeRolePolicy"].Statement).toEqual([
      { Effect: "Allow", Principal: { Service: "apigateway.amazonaws.com" }, Action: "sts:AssumeRole" },
    ]);
    const others = roles.filter((role) => role !== ofApis);
    expect(
      Object.fromEntries(others.map(({ name, inputs }) => [name, inputs["assumeRolePolicy"].Statement])),
    ).toEqual(
      Object.fromEntries(
        Object.entries(trusted).map(([name, [service, source]]) => [
          name,
          [
            {
              Effect: "Allow",
              Principal: { Service: service },
              Action: "sts:AssumeRole",
              Condition: {
                StringEquals: { "aws:SourceAccount": account },
                ArnLike: { "aws:SourceArn": `arn:aws:${source}` },
              },
            },
          ],
        ]),
      ),
    );
  });
});
