import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { filesUnder } from "./archive.ts";
import { startServing, Unhealthy } from "./container.ts";
import { RoleStorage } from "./job-storage.ts";
import { Jobs, type Ended } from "./jobs.ts";
import type { Models, StoredModel } from "./models.ts";
import { readInput, ResourceName, Tags } from "./requests.ts";
import { assume, drawImage, encryptVolume, mayPutMetrics, openJobLog } from "./role-duties.ts";
import type { Operations, Surroundings } from "./surroundings.ts";
import { assembled, payloadsOf, TransformFault, type TransformShape } from "./transform-records.ts";

/** Also the namespace that SageMaker puts the instance's metrics into. */
const LOG_GROUP = "/aws/sagemaker/TransformJobs";
/** How long SageMaker waits for an answer of the container, unless the request says otherwise. */
const ANSWER_SECONDS = 600;

/** The part of CreateTransformJob that is emulated. A job that asks for another part is refused. */
const TransformJobRequest = z.strictObject({
  TransformJobName: ResourceName,
  ModelName: z.string(),
  BatchStrategy: z.enum(["MultiRecord", "SingleRecord"]).default("MultiRecord"),
  MaxConcurrentTransforms: z.int().min(0).max(1, "expected 1 request at a time").optional(),
  MaxPayloadInMB: z.int().min(0).max(100).default(6),
  Environment: z
    .record(z.string().max(1024), z.string().max(10_240))
    .refine((entries) => Object.keys(entries).length <= 16, "expected 16 variables at most")
    .default({}),
  ModelClientConfig: z
    .object({ InvocationsTimeoutInSeconds: z.int().min(1).max(3600).default(ANSWER_SECONDS) })
    .default({ InvocationsTimeoutInSeconds: ANSWER_SECONDS }),
  TransformInput: z.strictObject({
    DataSource: z.strictObject({
      S3DataSource: z.strictObject({
        S3DataType: z.literal("S3Prefix"),
        S3Uri: z.string().regex(/^s3:\/\/[^/]+\/.+/, "expected s3://bucket/key"),
      }),
    }),
    ContentType: z.string().max(256),
    SplitType: z.enum(["None", "Line"]).default("None"),
    CompressionType: z.enum(["None", "Gzip"]).default("None"),
  }),
  TransformOutput: z.strictObject({
    S3OutputPath: z.string().regex(/^s3:\/\/[^/]+\//, "expected s3://bucket/prefix"),
    Accept: z.string().max(256).optional(),
    AssembleWith: z.enum(["None", "Line"]).default("None"),
    KmsKeyId: z.string().optional(),
  }),
  DataProcessing: z.strictObject({ JoinSource: z.enum(["None", "Input"]) }).default({ JoinSource: "None" }),
  TransformResources: z.strictObject({
    InstanceType: z.string(),
    InstanceCount: z.literal(1),
    VolumeKmsKeyId: z.string().optional(),
  }),
  Tags: Tags.optional(),
});
type TransformJobRequest = z.output<typeof TransformJobRequest>;

/** Batch transform jobs: the model's container as a child process, which is asked for each part of the files in S3. */
export class TransformJobs {
  readonly jobs: Jobs;
  private readonly surroundings: Surroundings;
  private readonly models: Models;

  constructor(surroundings: Surroundings, models: Models) {
    this.surroundings = surroundings;
    this.models = models;
    this.jobs = new Jobs("TransformJob", surroundings);
  }

  operations(): Operations {
    return {
      CreateTransformJob: async (input) => this.create(input),
      DescribeTransformJob: async (input) => this.jobs.described(this.jobs.named(input["TransformJobName"])),
      StopTransformJob: async (input) => this.jobs.stop(input["TransformJobName"]),
      ListTransformJobs: async (input) => {
        const { items, ...rest } = this.jobs.list(input);
        return { TransformJobSummaries: items.map((job) => summarised(this.jobs.described(job))), ...rest };
      },
    };
  }

  private async create(input: Record<string, unknown>): Promise<{ TransformJobArn: string }> {
    const request = readInput(TransformJobRequest, input);
    const { TransformJobName: name, ModelName, ...rest } = request;
    const model = this.models.model(ModelName);
    const { accountId, region } = this.surroundings.gateway.identity;
    const arn = `arn:aws:sagemaker:${region}:${accountId}:transform-job/${name}`;
    this.jobs.start({ name, arn, request: { ModelName, ...rest } }, (folder, signal) =>
      this.run(request, model, arn, folder, signal),
    );
    return { TransformJobArn: arn };
  }

  private async run(
    request: TransformJobRequest,
    model: StoredModel,
    arn: string,
    folder: string,
    signal: AbortSignal,
  ): Promise<Ended> {
    const { surroundings } = this;
    const { TransformJobName: name } = request;
    const caller = await assume(surroundings, model.ExecutionRoleArn, arn);
    const storage = new RoleStorage(surroundings.gateway, model.ExecutionRoleArn);
    try {
      const program = await drawImage(surroundings, caller, model.PrimaryContainer.Image);
      await encryptVolume(surroundings, caller, request.TransformResources.VolumeKmsKeyId);
      await mayPutMetrics(surroundings, caller, LOG_GROUP);
      const stream = `${name}/i-local`;
      const onLine = await openJobLog(surroundings, caller, LOG_GROUP, stream);
      const say = await openJobLog(surroundings, caller, LOG_GROUP, `${stream}/data-log`);
      const started = { model, caller, program, folder: join(folder, "container"), onLine };
      const container = await startServing(surroundings, { ...started, environment: request.Environment });
      try {
        this.jobs.update(name, { TransformStartTime: this.jobs.now() });
        const ended = await this.transform(request, storage, folder, container.port, signal, say);
        return { ...ended, TransformEndTime: this.jobs.now() };
      } finally {
        await container.stop();
      }
    } catch (error) {
      if (!(error instanceof Unhealthy)) throw error;
      const FailureReason = "AlgorithmError: See job logs for more information";
      return { status: "Failed", FailureReason, TransformEndTime: this.jobs.now() };
    } finally {
      storage.close();
    }
  }

  /** Takes every object by itself: what could be transformed is there, even where another one fails the job. */
  private async transform(
    request: TransformJobRequest,
    storage: RoleStorage,
    folder: string,
    port: number,
    signal: AbortSignal,
    say: (line: string) => void,
  ): Promise<Ended> {
    const { S3Uri } = request.TransformInput.DataSource.S3DataSource;
    const { S3OutputPath, Accept } = request.TransformOutput;
    const inputs = join(folder, "input");
    mkdirSync(inputs, { recursive: true });
    if ((await storage.download(S3Uri, inputs)) === 0) {
      throw new Error(`No S3 objects found under S3 URL ${JSON.stringify(S3Uri)}`);
    }
    const shape = shapeOf(request);
    const prefix = S3OutputPath.endsWith("/") ? S3OutputPath : `${S3OutputPath}/`;
    const kinds = new Set<"ClientError" | "AlgorithmError">();
    say(
      `[sagemaker logs]: MaxConcurrentTransforms=1, MaxPayloadInMB=${shape.maxPayloadMb}, ` +
        `BatchStrategy=${shape.isSingle ? "SINGLE_RECORD" : "MULTI_RECORD"}`,
    );
    for (const file of filesUnder(inputs)) {
      const about = `[sagemaker logs]: ${S3Uri.slice("s3://".length, S3Uri.lastIndexOf("/") + 1)}${file}`;
      try {
        const parts: Buffer[] = [];
        for (const payload of payloadsOf(readFileSync(join(inputs, file)), shape)) {
          if (signal.aborted) return { status: "Stopped" };
          parts.push(assembled(payload, await ask(request, port, payload, signal), shape));
        }
        await storage.write(`${prefix}${file}.out`, Buffer.concat(parts), Accept);
      } catch (error) {
        if (signal.aborted) return { status: "Stopped" };
        if (!(error instanceof TransformFault || error instanceof Refused)) throw error;
        const kind = error instanceof Refused && error.status >= 500 ? "AlgorithmError" : "ClientError";
        kinds.add(kind);
        const what = error instanceof Refused ? `${kind}: ${error.status}` : `${kind}: ${error.message}`;
        say(`${about}: ${what}`);
        if (error instanceof Refused) say(`${about}: Message: ${error.message}`);
      }
    }
    const [kind] = kinds;
    return kind === undefined
      ? { status: "Completed" }
      : { status: "Failed", FailureReason: `${kind}: See job logs for more information` };
  }
}

/** The container refused a request, or failed on it. */
class Refused extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = "Refused";
    this.status = status;
  }
}

async function ask(
  { TransformInput, TransformOutput, ModelClientConfig }: TransformJobRequest,
  port: number,
  payload: Buffer,
  signal: AbortSignal,
): Promise<Buffer> {
  const { Accept } = TransformOutput;
  const patience = AbortSignal.timeout(ModelClientConfig.InvocationsTimeoutInSeconds * 1000);
  let response: Response;
  try {
    response = await fetch(`http://127.0.0.1:${port}/invocations`, {
      method: "POST",
      headers: {
        "content-type": TransformInput.ContentType,
        ...(Accept === undefined ? {} : { accept: Accept }),
      },
      body: new Uint8Array(payload),
      signal: AbortSignal.any([signal, patience]),
    });
  } catch (error) {
    throw new Refused(500, error instanceof Error ? error.message : String(error));
  }
  const answer = Buffer.from(await response.arrayBuffer());
  if (!response.ok) throw new Refused(response.status, answer.toString("utf8"));
  return answer;
}

function shapeOf(request: TransformJobRequest): TransformShape {
  const { TransformInput, BatchStrategy, MaxPayloadInMB: maxPayloadMb, DataProcessing } = request;
  return {
    isLines: TransformInput.SplitType === "Line",
    isCompressed: TransformInput.CompressionType === "Gzip",
    isSingle: BatchStrategy === "SingleRecord",
    maxPayloadMb,
    isJoined: DataProcessing.JoinSource === "Input",
  };
}

function summarised(job: Record<string, unknown>): Record<string, unknown> {
  const { TransformJobName, TransformJobArn, TransformJobStatus, CreationTime, LastModifiedTime } = job;
  const { TransformEndTime, FailureReason } = job;
  return {
    TransformJobName,
    TransformJobArn,
    TransformJobStatus,
    CreationTime,
    LastModifiedTime,
    TransformEndTime,
    FailureReason,
  };
}
