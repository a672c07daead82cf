import type { FunctionName } from "@perennial/contracts";
import { FUNCTION_NAMES, LISTENERS, type Need, of, SOURCE, type Subject, via } from "./need.ts";

/** What Lambda does with the functions' roles, and what they themselves call in rarer cases. */
export function functionNeeds(subject: Subject): Need[] {
  const { names, workload, keyArn } = subject;
  const role = (name: FunctionName) => ({ role: names.function(name) });
  const ledger = [names.arn("dynamodb", `table/${names.ledgerTable}`)];
  const group = names.modelPackageGroup(workload);
  return [
    ...FUNCTION_NAMES.map((name) => ({
      by: role(name),
      actions: ["logs:CreateLogStream", "logs:PutLogEvents"],
      resources: [`${names.arn("logs", `log-group:${names.functionLogGroup(name)}`)}:log-stream:any`],
      why: "Lambda writes a function's log with its role; locally the sandbox does it itself",
      source: SOURCE.functionRole,
    })),
    ...LISTENERS.map((name) => ({
      by: role(name),
      actions: ["sqs:SendMessage"],
      resources: [names.arn("sqs", names.shared(`${name}-dead-letters`))],
      why: "Lambda puts an event there with the function's role once it has failed for good",
      source: SOURCE.functionDestination,
    })),
    ...LISTENERS.map((name) => ({
      by: role(name),
      actions: ["kms:Decrypt", "kms:GenerateDataKey"],
      resources: [keyArn],
      context: via("sqs", subject),
      why: "Lambda puts an event into the encrypted queue once the function has failed for good",
      source: SOURCE.queueKey,
    })),
    {
      by: { role: names.shared("http-api-logs") },
      actions: of("logs", "CreateLogGroup DescribeLogStreams FilterLogEvents"),
      resources: [names.arn("logs", `log-group:${names.httpApiLogGroup}`)],
      why: "API Gateway tries out whether a role may do all that AWS lists before it takes it",
      source: SOURCE.apiLogs,
    },
    {
      by: { role: names.shared("http-api-logs") },
      actions: ["logs:GetLogEvents"],
      resources: [names.arn("logs", `log-group:${names.httpApiLogGroup}:log-stream:any`)],
      why: "API Gateway tries out whether a role may do all that AWS lists before it takes it",
      source: SOURCE.apiLogs,
    },
    {
      by: { role: names.shared("http-api-logs") },
      actions: ["logs:DescribeLogGroups"],
      resources: ["*"],
      why: "API Gateway tries out whether a role may do all that AWS lists before it takes it",
      source: SOURCE.apiLogs,
    },
    {
      by: role("register-model"),
      actions: ["sagemaker:UpdateModelPackage"],
      resources: [names.arn("sagemaker", `model-package/${group}/2`)],
      context: { "sagemaker:ModelApprovalStatus": "Rejected" },
      why: "only where the challenger isn't better",
      source: "functions/register-model/packages.ts",
    },
    {
      by: role("write-card"),
      actions: ["sagemaker:UpdateModelCard"],
      resources: [names.arn("sagemaker", `model-card/${names.shared(workload)}`)],
      why: "only where an earlier model has a card",
      source: "functions/write-card/model-cards.ts",
    },
    {
      by: role("judge-challenger"),
      actions: ["s3:GetObject"],
      resources: [`arn:aws:s3:::${names.artifactBucket}/verdicts/${workload}/earlier.json`],
      why: "only where the history holds an earlier verdict",
      source: "functions/judge-challenger/handler.ts",
    },
    {
      by: { role: names.shared("tracking") },
      actions: ["s3:GetObject", "s3:PutObject"],
      resources: [`arn:aws:s3:::${names.artifactBucket}/tracking/1/run/artifacts/card.md`],
      why: "the app reads and writes artifacts for those who look at its pages",
      source: SOURCE.trackingApp,
    },
    {
      by: { role: names.shared("tracking") },
      actions: ["kms:Decrypt", "kms:GenerateDataKey"],
      resources: [keyArn],
      context: via("s3", subject),
      why: "the artifacts are encrypted",
      source: SOURCE.trackingApp,
    },
    {
      by: role("record-outcome"),
      actions: ["dynamodb:GetItem"],
      resources: ledger,
      context: { "dynamodb:LeadingKeys": [`workload#${workload}`] },
      why: "only where the entry is there already, because the step was repeated",
      source: "packages/ledger/src/ledger.ts",
    },
    ...(["retrain", "rollout"] as const).map((kind) => ({
      by: role(kind === "retrain" ? "admit-retraining" : "admit-rollout"),
      actions: ["states:DescribeExecution"],
      resources: [names.arn("states", `execution:${names.stateMachine(workload, kind)}:any`)],
      why: "only where a lease is held, by an execution that may have ended",
      source: "packages/ledger/src/entrance.ts",
    })),
  ];
}

/** What Lambda does with the role of a workload's scoring function, and what a rollout of one asks for in rarer cases. */
export function scoringNeeds({ names, workload, accountId, region }: Subject): Need[] {
  const functionName = names.scoringFunction(workload);
  const execution = names.anyExecution(workload).replaceAll("?", "0");
  return [
    {
      by: { role: functionName },
      actions: ["logs:CreateLogStream", "logs:PutLogEvents"],
      resources: [`${names.arn("logs", `log-group:${names.scoringLogGroup(workload)}`)}:log-stream:any`],
      why: "Lambda writes a function's log with its role; locally the sandbox does it itself",
      source: SOURCE.functionRole,
    },
    {
      by: { service: "lambda.amazonaws.com" },
      actions: ["sts:AssumeRole"],
      resources: [`arn:aws:iam::${accountId}:role/${functionName}`],
      context: {
        "aws:SourceAccount": accountId,
        "aws:SourceArn": `arn:aws:lambda:${region}:${accountId}:function:${functionName}`,
      },
      why: "the function runs as its role",
      source: SOURCE.functionRole,
    },
    {
      by: { role: names.ofWorkload(workload, "rollout") },
      actions: ["cloudwatch:DeleteAlarms"],
      resources: [names.arn("cloudwatch", `alarm:${names.prefix}-${execution}-errors`)],
      why: "only where a rollout is discarded, or an earlier one is superseded",
      source: "statemachines/rollout-function.asl.json",
    },
  ];
}
