import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { archive, filesUnder } from "./archive.ts";
import { runJob, type JobEnd } from "./job-run.ts";
import { TrainingJobRequest } from "./job-requests.ts";
import { CheckpointSync, RoleStorage } from "./job-storage.ts";
import { below, Jobs, left, MAX_REASON, writeJson, type Ended } from "./jobs.ts";
import { MetricReader } from "./log-metrics.ts";
import { readInput } from "./requests.ts";
import { assume, drawImage, encryptVolume, openJobLog } from "./role-duties.ts";
import type { Caller, Operations, Surroundings } from "./surroundings.ts";

const LOG_GROUP = "/aws/sagemaker/TrainingJobs";
const CHECKPOINT_INTERVAL_MS = 1000;

/** Training jobs: child processes of the image's program, with SageMaker's folders. */
export class TrainingJobs {
  readonly jobs: Jobs;
  private readonly surroundings: Surroundings;

  constructor(surroundings: Surroundings) {
    this.surroundings = surroundings;
    this.jobs = new Jobs("TrainingJob", surroundings);
  }

  operations(): Operations {
    return {
      CreateTrainingJob: async (input) => this.create(input),
      DescribeTrainingJob: async (input) => this.jobs.described(this.jobs.named(input["TrainingJobName"])),
      StopTrainingJob: async (input) => this.jobs.stop(input["TrainingJobName"]),
      ListTrainingJobs: async (input) => {
        const { items, ...rest } = this.jobs.list(input);
        const summaries = items.map((job) => this.jobs.described(job));
        return { TrainingJobSummaries: summaries.map(summarised), ...rest };
      },
    };
  }

  private async create(input: Record<string, unknown>): Promise<{ TrainingJobArn: string }> {
    const request = readInput(TrainingJobRequest, input);
    const { TrainingJobName: name, RoleArn } = request;
    const { accountId, region } = this.surroundings.gateway.identity;
    const arn = `arn:aws:sagemaker:${region}:${accountId}:training-job/${name}`;
    const caller = await assume(this.surroundings, RoleArn, arn);
    const { TrainingJobName: _name, ...rest } = request;
    this.jobs.start({ name, arn, request: rest }, (folder, signal) =>
      this.run(request, caller, join(folder, "ml"), signal),
    );
    return { TrainingJobArn: arn };
  }

  private async run(
    request: TrainingJobRequest,
    caller: Caller,
    root: string,
    signal: AbortSignal,
  ): Promise<Ended> {
    const { TrainingJobName: name, AlgorithmSpecification: algorithm, CheckpointConfig } = request;
    const { surroundings } = this;
    const storage = new RoleStorage(surroundings.gateway, request.RoleArn);
    try {
      this.enter(name, "Starting");
      const program = await drawImage(surroundings, caller, algorithm.TrainingImage);
      await encryptVolume(surroundings, caller, request.ResourceConfig["VolumeKmsKeyId"]);
      const stream = `${name}/algo-1-${Math.floor(this.jobs.now())}`;
      const log = await openJobLog(surroundings, caller, LOG_GROUP, stream);
      this.enter(name, "Downloading");
      await this.layOut(request, root, storage);
      const checkpoints = below(root, CheckpointConfig?.LocalPath ?? "/opt/ml/checkpoints");
      const sync = CheckpointConfig && new CheckpointSync(storage, checkpoints, CheckpointConfig.S3Uri);
      const metrics = await MetricReader.open(surroundings, caller, name, algorithm.MetricDefinitions ?? []);
      this.enter(name, "Training", { TrainingStartTime: this.jobs.now() });
      // What can't be uploaded now is tried again; the last time decides.
      const timer = setInterval(() => void sync?.sync().catch(() => {}), CHECKPOINT_INTERVAL_MS);
      let end: JobEnd;
      try {
        end = await runJob(surroundings, {
          name,
          program,
          command: [
            ...(algorithm.ContainerEntrypoint ?? program.command),
            ...(algorithm.ContainerArguments ?? (algorithm.ContainerEntrypoint ? [] : ["train"])),
          ],
          root,
          environment: {
            ...request.Environment,
            ...(request.EnableNetworkIsolation ? {} : credentials(surroundings, caller)),
            TRAINING_JOB_NAME: name,
          },
          maxRuntimeSeconds: request.StoppingCondition.MaxRuntimeInSeconds,
          signal,
          onLine: (line) => {
            log(line);
            metrics.read(line);
          },
        });
      } finally {
        clearInterval(timer);
      }
      await sync?.sync();
      this.jobs.update(name, {
        TrainingEndTime: this.jobs.now(),
        FinalMetricDataList: metrics.latest(),
      });
      this.enter(name, "Uploading");
      return await this.conclude(request, root, storage, end);
    } finally {
      storage.close();
    }
  }

  /** Lays out /opt/ml as SageMaker does. */
  private async layOut(request: TrainingJobRequest, root: string, storage: RoleStorage): Promise<void> {
    const { HyperParameters, InputDataConfig, ResourceConfig, CheckpointConfig } = request;
    for (const folder of ["model", "output/data", "checkpoints"]) {
      mkdirSync(join(root, folder), { recursive: true });
    }
    const config = join(root, "input/config");
    writeJson(join(config, "hyperparameters.json"), HyperParameters);
    writeJson(join(config, "resourceconfig.json"), {
      current_host: "algo-1",
      current_instance_type: ResourceConfig.InstanceType,
      hosts: ["algo-1"],
      network_interface_name: "lo",
    });
    writeJson(
      join(config, "inputdataconfig.json"),
      Object.fromEntries(
        InputDataConfig.map(({ ChannelName }) => [
          ChannelName,
          { TrainingInputMode: "File", S3DistributionType: "FullyReplicated", RecordWrapperType: "None" },
        ]),
      ),
    );
    for (const { ChannelName, DataSource } of InputDataConfig) {
      const { S3Uri } = DataSource.S3DataSource;
      const count = await storage.download(S3Uri, join(root, "input/data", ChannelName));
      if (count === 0) {
        throw new Error(`Data download failed: No S3 objects found under S3 URL ${JSON.stringify(S3Uri)}`);
      }
    }
    if (CheckpointConfig !== undefined) {
      await storage.download(CheckpointConfig.S3Uri, below(root, CheckpointConfig.LocalPath));
    }
  }

  private async conclude(
    { TrainingJobName: name, OutputDataConfig }: TrainingJobRequest,
    root: string,
    storage: RoleStorage,
    end: JobEnd,
  ): Promise<Ended> {
    const output = `${OutputDataConfig.S3OutputPath.replace(/\/$/, "")}/${name}/output`;
    const failed = end.kind === "exited" && end.code !== 0;
    const ended: Record<string, unknown> = {};
    // SageMaker uploads what a stopped job left in its model folder, too.
    if (!failed && filesUnder(join(root, "model")).length > 0) {
      const S3ModelArtifacts = `${output}/model.tar.gz`;
      await storage.write(S3ModelArtifacts, await archive(join(root, "model")), "application/gzip");
      ended["ModelArtifacts"] = { S3ModelArtifacts };
    }
    const further = join(root, "output/data");
    if (existsSync(further) && filesUnder(further).length > 0) {
      await storage.write(`${output}/output.tar.gz`, await archive(further), "application/gzip");
    }
    if (end.kind === "stopped") {
      this.enter(name, "Stopped");
      return { ...ended, status: "Stopped" };
    }
    if (end.kind === "maxRuntimeExceeded") {
      this.enter(name, "MaxRuntimeExceeded");
      return { ...ended, status: "Stopped" };
    }
    if (failed) {
      this.enter(name, "Failed");
      const why = left(join(root, "output/failure")) ?? "";
      const FailureReason = `AlgorithmError: ${why}, exit code: ${end.code}`.slice(0, MAX_REASON);
      return { ...ended, status: "Failed", FailureReason };
    }
    this.enter(name, "Completed");
    return { ...ended, status: "Completed" };
  }

  private enter(name: string, SecondaryStatus: string, more: Record<string, unknown> = {}): void {
    const before = this.jobs.named(name)["SecondaryStatusTransitions"];
    const transitions = Array.isArray(before) ? (before as unknown[]) : [];
    const transition = { Status: SecondaryStatus, StartTime: this.jobs.now() };
    this.jobs.update(name, {
      ...more,
      SecondaryStatus,
      SecondaryStatusTransitions: [...transitions, transition],
    });
  }
}

/** What the SDKs in a container find where it may use the network. */
export function credentials({ gateway }: Surroundings, { role }: Caller): Record<string, string> {
  const { accessKeyId, secretAccessKey } = gateway.credentialsFor(role ?? "");
  return {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_REGION: gateway.identity.region,
    AWS_DEFAULT_REGION: gateway.identity.region,
    AWS_ENDPOINT_URL: gateway.url,
  };
}

function summarised(job: Record<string, unknown>): Record<string, unknown> {
  const {
    TrainingJobName,
    TrainingJobArn,
    TrainingJobStatus,
    CreationTime,
    LastModifiedTime,
    TrainingEndTime,
  } = job;
  return {
    TrainingJobName,
    TrainingJobArn,
    TrainingJobStatus,
    CreationTime,
    LastModifiedTime,
    TrainingEndTime,
  };
}
