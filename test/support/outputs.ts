const ACCOUNT = "123456789012";
const REGION = "eu-central-1";

type Inputs = Record<string, unknown>;

/** What AWS answers with besides the inputs, in the form that other resources build on. */
const OUTPUTS: Record<string, (name: string, inputs: Inputs) => Inputs> = {
  "aws:kms/key:Key": (name) => ({ arn: arn("kms", `key/${name}`), keyId: name }),
  "aws:iam/role:Role": (_, { name }) => ({ arn: `arn:aws:iam::${ACCOUNT}:role/${String(name)}` }),
  "aws:s3/bucket:Bucket": (_, { bucket }) => ({ arn: `arn:aws:s3:::${String(bucket)}` }),
  "aws:dynamodb/table:Table": (_, { name }) => ({ arn: arn("dynamodb", `table/${String(name)}`) }),
  "aws:sns/topic:Topic": (_, { name }) => ({ arn: arn("sns", String(name)) }),
  "aws:sqs/queue:Queue": (_, { name }) => ({
    arn: arn("sqs", String(name)),
    url: `https://sqs.${REGION}.amazonaws.com/${ACCOUNT}/${String(name)}`,
  }),
  "aws:lambda/alias:Alias": (_, { name, functionName }) => ({
    arn: arn("lambda", `function:${String(functionName)}:${String(name)}`),
  }),
  "aws:lambda/function:Function": (_, { name, publish }) => ({
    arn: arn("lambda", `function:${String(name)}`),
    version: publish === true ? "1" : "$LATEST",
    invokeArn: `arn:aws:apigateway:${REGION}:lambda:path/2015-03-31/functions/${arn("lambda", `function:${String(name)}`)}/invocations`,
  }),
  "aws:apigateway/restApi:RestApi": () => ({
    executionArn: arn("execute-api", "api"),
    rootResourceId: "root",
  }),
  "aws:apigateway/stage:Stage": (_, { stageName }) => ({
    arn: `arn:aws:apigateway:${REGION}::/restapis/api/stages/${String(stageName)}`,
    invokeUrl: `https://api.execute-api.${REGION}.amazonaws.com/${String(stageName)}`,
  }),
  "aws:wafv2/webAcl:WebAcl": (_, { name }) => ({ arn: arn("wafv2", `regional/webacl/${String(name)}/1`) }),
  "aws:acm/certificate:Certificate": (_, { domainName }) => ({
    arn: arn("acm", `certificate/${String(domainName)}`),
    domainValidationOptions: [
      { resourceRecordName: "_proof", resourceRecordType: "CNAME", resourceRecordValue: "_value" },
    ],
  }),
  "aws:sfn/stateMachine:StateMachine": (_, { name }) => ({
    arn: arn("states", `stateMachine:${String(name)}`),
  }),
  "aws:cloudwatch/logGroup:LogGroup": (_, { name }) => ({ arn: arn("logs", `log-group:${String(name)}`) }),
  "aws:cloudwatch/eventRule:EventRule": (_, { name }) => ({ arn: arn("events", `rule/${String(name)}`) }),
  "aws:cloudwatch/metricAlarm:MetricAlarm": (_, { name }) => ({
    arn: arn("cloudwatch", `alarm:${String(name)}`),
  }),
  "aws:sagemaker/modelPackageGroup:ModelPackageGroup": (_, { modelPackageGroupName }) => ({
    arn: arn("sagemaker", `model-package-group/${String(modelPackageGroupName)}`),
  }),
  "aws:sagemaker/mlflowApp:MlflowApp": (_, { name }) => ({
    arn: arn("sagemaker", `mlflow-app/app-${String(name)}`),
  }),
  "aws:ecr/repository:Repository": (_, { name }) => ({
    arn: arn("ecr", `repository/${String(name)}`),
    repositoryUrl: `${ACCOUNT}.dkr.ecr.${REGION}.amazonaws.com/${String(name)}`,
  }),
  "docker-build:index:Image": () => ({ digest: `sha256:${"d".repeat(64)}` }),
};

/** Outputs of a resource that its inputs don't give. */
export const outputsOf = (type: string, name: string, inputs: Inputs): Inputs => ({
  name,
  arn: `arn:aws:::${name}`,
  ...OUTPUTS[type]?.(name, inputs),
});

function arn(service: string, resource: string): string {
  return `arn:aws:${service}:${REGION}:${ACCOUNT}:${resource}`;
}
