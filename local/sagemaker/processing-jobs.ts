import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { runJob, type JobEnd } from "./job-run.ts";
import { ProcessingJobRequest } from "./job-requests.ts";
import { RoleStorage } from "./job-storage.ts";
import { below, Jobs, left, writeJson, type Ended } from "./jobs.ts";
import { readInput } from "./requests.ts";
import { assume, drawImage, encryptVolume, mayPutMetrics, openJobLog } from "./role-duties.ts";
import type { Caller, Operations, Surroundings } from "./surroundings.ts";
import { credentials } from "./training-jobs.ts";

/** Also the namespace that SageMaker puts the instance's metrics into. */
const LOG_GROUP = "/aws/sagemaker/ProcessingJobs";

/** Processing jobs: child processes of the image's program, with their inputs and outputs where SageMaker has them. */
export class ProcessingJobs {
  readonly jobs: Jobs;
  private readonly surroundings: Surroundings;

  constructor(surroundings: Surroundings) {
    this.surroundings = surroundings;
    this.jobs = new Jobs("ProcessingJob", surroundings);
  }

  operations(): Operations {
    return {
      CreateProcessingJob: async (input) => this.create(input),
      DescribeProcessingJob: async (input) =>
        this.jobs.described(this.jobs.named(input["ProcessingJobName"])),
      StopProcessingJob: async (input) => this.jobs.stop(input["ProcessingJobName"]),
      ListProcessingJobs: async (input) => {
        const { items, ...rest } = this.jobs.list(input);
        return { ProcessingJobSummaries: items.map((job) => summarised(this.jobs.described(job))), ...rest };
      },
    };
  }

  private async create(input: Record<string, unknown>): Promise<{ ProcessingJobArn: string }> {
    const request = readInput(ProcessingJobRequest, input);
    const { ProcessingJobName: name, RoleArn } = request;
    const { accountId, region } = this.surroundings.gateway.identity;
    const arn = `arn:aws:sagemaker:${region}:${accountId}:processing-job/${name}`;
    const caller = await assume(this.surroundings, RoleArn, arn);
    const { ProcessingJobName: _name, ...rest } = request;
    this.jobs.start({ name, arn, request: rest }, (folder, signal) =>
      this.run(request, caller, join(folder, "ml"), signal),
    );
    return { ProcessingJobArn: arn };
  }

  private async run(
    request: ProcessingJobRequest,
    caller: Caller,
    root: string,
    signal: AbortSignal,
  ): Promise<Ended> {
    const { ProcessingJobName: name, AppSpecification: app, NetworkConfig } = request;
    const { surroundings } = this;
    const storage = new RoleStorage(surroundings.gateway, request.RoleArn);
    try {
      const program = await drawImage(surroundings, caller, app.ImageUri);
      const { ClusterConfig } = request.ProcessingResources;
      await encryptVolume(surroundings, caller, ClusterConfig["VolumeKmsKeyId"]);
      await mayPutMetrics(surroundings, caller, LOG_GROUP);
      const stream = `${name}/algo-1-${Math.floor(this.jobs.now())}`;
      const log = await openJobLog(surroundings, caller, LOG_GROUP, stream);
      await layOut(request, root, storage);
      this.jobs.update(name, { ProcessingStartTime: this.jobs.now() });
      const end = await runJob(surroundings, {
        name,
        program,
        command: [...(app.ContainerEntrypoint ?? program.command), ...(app.ContainerArguments ?? [])],
        root,
        environment: {
          ...request.Environment,
          ...(NetworkConfig?.EnableNetworkIsolation === true ? {} : credentials(surroundings, caller)),
        },
        maxRuntimeSeconds: request.StoppingCondition.MaxRuntimeInSeconds,
        signal,
        onLine: log,
      });
      const ExitMessage = left(join(root, "output/message"));
      const message = ExitMessage === undefined ? {} : { ExitMessage };
      const concluded = await conclude(request, root, storage, end);
      return { ...message, ...concluded, ProcessingEndTime: this.jobs.now() };
    } finally {
      storage.close();
    }
  }
}

async function layOut(
  { ProcessingInputs, ProcessingOutputConfig, ...request }: ProcessingJobRequest,
  root: string,
  storage: RoleStorage,
): Promise<void> {
  writeJson(join(root, "config/processingjobconfig.json"), {
    ...request,
    ProcessingInputs,
    ProcessingOutputConfig,
  });
  writeJson(join(root, "config/resourceconfig.json"), { current_host: "algo-1", hosts: ["algo-1"] });
  mkdirSync(join(root, "output"), { recursive: true });
  for (const { S3Input } of ProcessingInputs) {
    const count = await storage.download(S3Input.S3Uri, below(root, S3Input.LocalPath));
    if (count === 0) {
      throw new Error(
        `Data download failed: No S3 objects found under S3 URL ${JSON.stringify(S3Input.S3Uri)}`,
      );
    }
  }
  for (const { S3Output } of ProcessingOutputConfig.Outputs) {
    mkdirSync(below(root, S3Output.LocalPath), { recursive: true });
  }
}

async function conclude(
  { ProcessingOutputConfig }: ProcessingJobRequest,
  root: string,
  storage: RoleStorage,
  end: JobEnd,
): Promise<Ended> {
  if (end.kind === "stopped") return { status: "Stopped" };
  if (end.kind === "maxRuntimeExceeded") {
    return { status: "Stopped", FailureReason: "ClientError: the job exceeded its MaxRuntimeInSeconds" };
  }
  if (end.code !== 0) {
    return {
      status: "Failed",
      FailureReason: `AlgorithmError: See job logs for more information, exit code: ${end.code}`,
    };
  }
  for (const { S3Output } of ProcessingOutputConfig.Outputs) {
    const folder = below(root, S3Output.LocalPath);
    if (existsSync(folder)) await storage.upload(folder, S3Output.S3Uri);
  }
  return { status: "Completed" };
}

function summarised(job: Record<string, unknown>): Record<string, unknown> {
  const { ProcessingJobName, ProcessingJobArn, ProcessingJobStatus, CreationTime, LastModifiedTime } = job;
  const { ProcessingEndTime, FailureReason, ExitMessage } = job;
  return {
    ProcessingJobName,
    ProcessingJobArn,
    ProcessingJobStatus,
    CreationTime,
    LastModifiedTime,
    ProcessingEndTime,
    FailureReason,
    ExitMessage,
  };
}
