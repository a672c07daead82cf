import { createHash } from "node:crypto";
import {
  CreateTransformJobCommand,
  DescribeEndpointCommand,
  DescribeEndpointConfigCommand,
  DescribeTransformJobCommand,
  type TransformInstanceType,
} from "@aws-sdk/client-sagemaker";
import type { Connection, Context } from "../context.ts";
import { CliFault, EXIT } from "../exit.ts";
import { lookEvery } from "../execution/look-until.ts";
import type { PlatformWorkload } from "../workload.ts";
import { formatOf } from "./formats.ts";

/** What SageMaker made of a file. */
export interface Transformed {
  job: string;
  /** `InProgress` where nobody waited for its end. */
  status: string;
  reason: string | null;
}

/** Megabytes of one request to the container, and as many lines as they can hold. */
const PAYLOAD_MB = 6;
const LIMITS = { PERENNIAL_MAX_BODY_KIB: String(PAYLOAD_MB * 1024), PERENNIAL_MAX_RECORDS: "100000" };

/**
 * Scores files in S3 by a batch transform job with the live model's container, each record joined with its prediction, and
 * waits for its end.
 */
export async function transform(
  context: Context,
  connection: Connection,
  workload: PlatformWorkload,
  { input, output }: { input: string; output: string },
): Promise<Transformed> {
  const format = formatOf(input);
  // What the endpoint's role reaches: a job anywhere else would fail after minutes.
  const folder = `s3://${connection.platform.lakeBucket}/batch/${workload.name}/`;
  for (const [name, uri] of Object.entries({ input, output })) {
    if (uri.startsWith(folder)) continue;
    throw new CliFault(
      EXIT.usage,
      `--${name} is ${uri}: SageMaker scores ${workload.name} in ${folder} only, expected a place below it.`,
    );
  }
  // SageMaker cuts a file at its lines and sends the header with the first of them only.
  if (format.kind !== "jsonl") {
    throw new CliFault(
      EXIT.usage,
      `${input} is CSV: a transform job takes JSON Lines, where each line stands by itself.`,
    );
  }
  if (workload.functionAlias !== undefined) {
    throw new CliFault(
      EXIT.failed,
      `${workload.name} is answered by a function, whose model no transform job runs. Leave out --on sagemaker: the file is ` +
        "scored here then.",
    );
  }
  const { sageMaker } = connection;
  const { model, instanceType } = await liveVariant(connection, workload);
  const now = context.clock.now();
  const digest = createHash("sha256")
    .update(`${input} ${output} ${now.toISOString()}`)
    .digest("hex")
    .slice(0, 12);
  const TransformJobName = `${workload.name}-batch-${digest}`;
  await sageMaker.send(
    new CreateTransformJobCommand({
      TransformJobName,
      ModelName: model,
      BatchStrategy: "MultiRecord",
      MaxPayloadInMB: PAYLOAD_MB,
      Environment: LIMITS,
      TransformInput: {
        DataSource: { S3DataSource: { S3DataType: "S3Prefix", S3Uri: input } },
        ContentType: "application/jsonlines",
        SplitType: "Line",
        CompressionType: format.isCompressed ? "Gzip" : "None",
      },
      TransformOutput: { S3OutputPath: output, Accept: "application/jsonlines", AssembleWith: "Line" },
      DataProcessing: { JoinSource: "Input" },
      TransformResources: { InstanceType: instanceType, InstanceCount: 1 },
    }),
  );
  context.terminal.err(`Asked SageMaker to score ${input} with ${model} (job ${TransformJobName}).\n`);
  return await followJob(context, connection, TransformJobName);
}

async function followJob(
  { clock, interrupted, terminal }: Context,
  connection: Connection,
  TransformJobName: string,
): Promise<Transformed> {
  let shown = "";
  for (;;) {
    const { TransformJobStatus: status = "Unknown", FailureReason } = await connection.sageMaker.send(
      new DescribeTransformJobCommand({ TransformJobName }),
    );
    if (status !== shown) terminal.err(`  ${status}\n`);
    shown = status;
    const isOver = status !== "InProgress" && status !== "Stopping";
    if (isOver || interrupted.aborted)
      return { job: TransformJobName, status, reason: FailureReason ?? null };
    await clock.sleep(lookEvery(connection));
  }
}

/** The model behind the endpoint, and the machine that it runs on. */
async function liveVariant(
  { sageMaker }: Connection,
  { endpoint }: PlatformWorkload,
): Promise<{ model: string; instanceType: TransformInstanceType }> {
  const { EndpointConfigName } = await sageMaker.send(
    new DescribeEndpointCommand({ EndpointName: endpoint }),
  );
  const { ProductionVariants = [] } = await sageMaker.send(
    new DescribeEndpointConfigCommand({ EndpointConfigName }),
  );
  const [variant] = ProductionVariants;
  if (variant?.ModelName === undefined || variant.InstanceType === undefined) {
    throw new CliFault(EXIT.failed, `The endpoint ${endpoint} runs without a model on a machine of its own.`);
  }
  // What an endpoint may run on, a transform job may too; the SDK lists them apart.
  return { model: variant.ModelName, instanceType: variant.InstanceType as TransformInstanceType };
}
