import { readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { gunzipSync } from "node:zlib";
import type { RecordedAsset, RecordedResource } from "./program/resource.ts";

/** The part of a spec that says what a record may hold. */
interface Fields {
  source: {
    rows?: unknown;
    columns: Record<string, { type: string; required: boolean; levels?: string[]; min?: unknown }>;
  };
  entities: Record<string, { lookups: { columns: Record<string, string> }[] }>;
}

/**
 * Writes a record that a workload's endpoint takes, whatever is in service, as a request: the first row of its data, or,
 * where rows have yet to be made of the files, the least that the spec asks for. What could be looked up is said not to be
 * known: before the first retraining there are no states.
 *
 * @returns path of the file, as a person in the working copy types it.
 */
export function writeExampleRecord(
  resources: readonly RecordedResource[],
  workload: string,
  folder: string,
): string {
  const stored = resources.filter(({ type }) => type === "aws:s3/bucketObjectv2:BucketObjectv2");
  const spec = stored.find(({ inputs }) =>
    new RegExp(`^specs/${workload}/.*spec\\.json$`).test(String(inputs["key"])),
  );
  const raw = stored.find(({ inputs }) => String(inputs["key"]).startsWith(`raw/${workload}/`));
  if (spec === undefined || raw === undefined)
    throw new Error(`the program stores no spec or data of ${workload}`);
  const { source, entities } = JSON.parse(String(spec.inputs["content"])) as Fields;
  const lookedUp = Object.values(entities).flatMap(({ lookups }) =>
    lookups.flatMap(({ columns }) => Object.keys(columns)),
  );
  const record = {
    ...(source.rows === undefined ? firstRow(raw.inputs, source.columns) : leastOf(source.columns)),
    ...Object.fromEntries(lookedUp.map((column) => [column, null])),
  };
  const path = join(folder, `${workload}.json`);
  writeFileSync(path, `${JSON.stringify(record)}\n`);
  return relative(process.cwd(), path);
}

/** The first row of the data, without the columns that a caller wouldn't know. */
function firstRow(inputs: Record<string, unknown>, columns: object): Record<string, string> {
  const { asset } = inputs["source"] as { asset: RecordedAsset };
  const bytes = "path" in asset ? readFileSync(asset.path) : Buffer.from(asset.text);
  const text = (bytes[0] === 0x1f ? gunzipSync(bytes) : bytes).toString("utf8");
  const [header = "", row = ""] = text.replace(/^\uFEFF/, "").split(/\r?\n/, 2);
  const values = fields(row);
  return Object.fromEntries(
    fields(header)
      .map((column, place) => [column, values[place] ?? ""] as const)
      .filter(([column]) => column in columns),
  );
}

function leastOf(columns: Fields["source"]["columns"]): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(columns).flatMap(([name, { type, levels, min }]) =>
      type === "code" ? [] : [[name, type === "category" ? levels?.[0] : min] as const],
    ),
  );
}

/** Fields of a line of CSV; a quoted one may hold commas and doubled quotes. */
function fields(line: string): string[] {
  return [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)]
    .slice(0, line.split(",").length)
    .map(([, field = ""]) => (field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field));
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
