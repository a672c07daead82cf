import { readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import type { WorkloadSpec } from "@perennial/contracts";
import type { RecordedResource } from "./program/resource.ts";

/**
 * Writes the first example of a workload's spec, which its endpoint takes whatever is in service, as a request.
 *
 * @returns path of the file, as a person in the working copy types it.
 */
export function writeExampleRecord(
  resources: readonly RecordedResource[],
  workload: string,
  folder: string,
): string {
  const spec = resources.find(
    ({ type, inputs }) =>
      type === "aws:s3/bucketObjectv2:BucketObjectv2" &&
      new RegExp(`^specs/${workload}/.*spec\\.json$`).test(String(inputs["key"])),
  );
  if (spec === undefined) throw new Error(`the program stores no spec of ${workload}`);
  const { examples } = JSON.parse(String(spec.inputs["content"])) as Pick<WorkloadSpec, "examples">;
  const path = join(folder, `${workload}.json`);
  writeFileSync(path, `${JSON.stringify(examples[0])}\n`);
  return relative(process.cwd(), path);
}

/**
 * Writes a record as the event that a scoring function takes: a function knows no form of a request but its event.
 *
 * @returns path of the file, as a person in the working copy types it.
 */
export function writeExampleCall(record: string): string {
  const path = record.replace(/\.json$/, "-call.json");
  writeFileSync(path, `${JSON.stringify({ body: readFileSync(record, "utf8").trim() })}\n`);
  return path;
}

/** Three ways to ask a function, ready to be pasted into a shell that stands in the working copy. */
export function functionExamples(
  url: string,
  region: string,
  { functionName, alias }: { functionName: string; alias: string },
  call: string,
  python: string,
): string {
  const credentials = "test";
  return `With curl:

  curl --silent "${url}/2015-03-31/functions/${functionName}/invocations?Qualifier=${alias}" \\
    --aws-sigv4 "aws:amz:${region}:lambda" --user ${credentials}:${credentials} --data @${call}; echo

With boto3:

  ${python} - <<'PYTHON'
import boto3, json
client = boto3.client("lambda", endpoint_url="${url}", region_name="${region}",
                      aws_access_key_id="${credentials}", aws_secret_access_key="${credentials}")
answer = client.invoke(FunctionName="${functionName}", Qualifier="${alias}", Payload=open("${call}").read())
print(json.load(answer["Payload"])["body"])
PYTHON

With the AWS SDK for JavaScript:

  node --input-type=module - <<'JAVASCRIPT'
import { readFileSync } from "node:fs";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
const credentials = { accessKeyId: "${credentials}", secretAccessKey: "${credentials}" };
const client = new LambdaClient({ endpoint: "${url}", region: "${region}", credentials });
const Payload = readFileSync("${call}");
const answer = await client.send(
  new InvokeCommand({ FunctionName: "${functionName}", Qualifier: "${alias}", Payload }),
);
console.log(JSON.parse(Buffer.from(answer.Payload).toString()).body);
JAVASCRIPT
`;
}

/** Three ways to ask an endpoint, ready to be pasted into a shell that stands in the working copy. */
export function examples(
  url: string,
  region: string,
  endpoint: string,
  record: string,
  python: string,
): string {
  const credentials = "test";
  return `With curl:

  curl --silent ${url}/endpoints/${endpoint}/invocations \\
    --aws-sigv4 "aws:amz:${region}:sagemaker" --user ${credentials}:${credentials} \\
    --header "Content-Type: application/json" --data @${record}; echo

With boto3:

  ${python} - <<'PYTHON'
import boto3
client = boto3.client("sagemaker-runtime", endpoint_url="${url}", region_name="${region}",
                      aws_access_key_id="${credentials}", aws_secret_access_key="${credentials}")
answer = client.invoke_endpoint(EndpointName="${endpoint}", ContentType="application/json",
                                Body=open("${record}").read())
print(answer["Body"].read().decode())
PYTHON

With the AWS SDK for JavaScript:

  node --input-type=module - <<'JAVASCRIPT'
import { readFileSync } from "node:fs";
import { InvokeEndpointCommand, SageMakerRuntimeClient } from "@aws-sdk/client-sagemaker-runtime";
const credentials = { accessKeyId: "${credentials}", secretAccessKey: "${credentials}" };
const client = new SageMakerRuntimeClient({ endpoint: "${url}", region: "${region}", credentials });
const Body = readFileSync("${record}");
const answer = await client.send(
  new InvokeEndpointCommand({ EndpointName: "${endpoint}", ContentType: "application/json", Body }),
);
console.log(Buffer.from(answer.Body).toString());
JAVASCRIPT
`;
}

/**
 * How the HTTP API is asked. The key stays in its file.
 *
 * @param keyFile file of a key; null where callers have none.
 */
export function httpExample(url: string, keyFile: string | null, workload: string, record: string): string {
  const key = keyFile === null ? "" : ` --header "x-api-key: $(cat ${relative(process.cwd(), keyFile)})"`;
  return `Over HTTP, without credentials of AWS (${url}/docs says what there is):

  curl --silent ${url}/v1/${workload}/predict${key} \\
    --header "Content-Type: application/json" --data @${record}; echo
`;
}
