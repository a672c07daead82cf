import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { SageMakerClient } from "@aws-sdk/client-sagemaker";
import { type HistoryEntry, type Manifest, WorkloadSpec } from "@perennial/contracts";
import { extract } from "tar-stream";
import { ModelPackages } from "../../functions/register-model/packages.ts";
import { RealClock } from "../../local/clock.ts";
import { type LocalCloud } from "../../local/cloud.ts";
import { retrain } from "../../local/retraining.ts";
import { artifactArchive } from "./artifact.ts";
import { readPlatform } from "../../local/published.ts";
import { openTestCloud, STACK } from "./test-cloud.ts";

type Files = Record<string, Buffer>;
type Json = Record<string, unknown>;

/** How much the clock is moved at once, and how often. */
const STEP_MS = 1000;
const PAUSE_MS = 15;

/** A local cloud on the real data, in which models that went wrong somehow can be put in service. */
export interface RolloutCloud {
  readonly cloud: LocalCloud;
  readonly endpoint: string;
  readonly stateFolder: string;
  /** The files of the model that was trained first. */
  readonly trained: Files;
  /** Registers and approves a model of these files, and waits for the end of its rollout. */
  rollOut(files: Files): Promise<HistoryEntry>;
  /** Uploads and registers a model of these files as pending. */
  register(files: Files): Promise<{ version: number; modelDataUrl: string; approve: () => Promise<void> }>;
  /** Waits for the history's next line about a rollout, and until the endpoint is free again. */
  nextRollout(): Promise<HistoryEntry>;
  /** Changes how the rollout workflow moves requests, as another setting would. */
  moveBy(policy: unknown): void;
  /** Changes the rollout workflow's states, from its next execution on. */
  changeWorkflow(change: (states: Record<string, Json>) => void): void;
  /** Changes the spec that is deployed; answers with what puts it back. */
  changeSpec(change: (spec: WorkloadSpec) => WorkloadSpec): Promise<() => Promise<void>>;
  /** Moves time on at once, as soon as a rollout waits: what works meanwhile would seem to take as long. */
  skip(ms: number): Promise<void>;
  /** The ledger's item of the trial that is under way. */
  trial(): Promise<Json | undefined>;
  pointer(): Promise<{ version: number; endpointConfigName: string } | null>;
  /** What is there for rollouts: configurations and models beside the baseline's, and alarms of fleets. */
  leftovers(): Promise<{ live: string; configs: string[]; models: string[]; alarms: string[] }>;
  close(): Promise<void>;
}

export interface RolloutCloudOptions {
  /** Settings over those of the stack, as text. */
  settings: Record<string, string>;
  /** @default this working copy */
  repository?: string;
  /** @default the machine's own time */
  clock?: RealClock;
  /** Changes the rollout workflow for the first model. */
  first?: (states: Record<string, Json>) => void;
}

/**
 * Opens it with a first retraining behind it. Time runs as fast as the machine allows while a rollout waits, and at the
 * machine's own pace while anything works.
 */
export async function openRolloutCloud(
  name: string,
  { clock = new RealClock(1), first = () => {}, ...options }: RolloutCloudOptions,
): Promise<RolloutCloud> {
  const stateFolder = mkdtempSync(join(tmpdir(), "perennial-rollout-"));
  const rollout = { isWaiting: false };
  const cloud = await openTestCloud(stateFolder, {
    ...options,
    clock,
    workloads: [name],
    onProgress: { state: (_, state) => void (rollout.isWaiting = state.startsWith("Await")) },
  });
  const ticking = setInterval(() => {
    if (rollout.isWaiting) clock.skip(STEP_MS);
  }, PAUSE_MS);
  const skip = async (ms: number): Promise<void> => {
    while (!rollout.isWaiting) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    clock.skip(ms);
  };
  const close = async (): Promise<void> => {
    clearInterval(ticking);
    await cloud.close();
    rmSync(stateFolder, { recursive: true, force: true });
  };
  try {
    await cloud.sageMaker.settled();
    return { ...(await opened(cloud, name, first)), stateFolder, skip, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function opened(
  cloud: LocalCloud,
  name: string,
  forFirst: (states: Record<string, Json>) => void,
): Promise<Omit<RolloutCloud, "stateFolder" | "skip" | "close">> {
  const platform = await readPlatform(cloud, STACK);
  const workload = platform.workloads.find((one) => one.name === name);
  if (workload === undefined) throw new Error(`the platform publishes no workload ${name}`);
  const { endpoint } = workload;
  const machine = cloud.resources.find(({ outputs }) => outputs["arn"] === workload.rolloutStateMachineArn);
  if (machine === undefined) throw new Error(`the program has no ${workload.rolloutStateMachineArn}`);
  const changeWorkflow: RolloutCloud["changeWorkflow"] = (change) => {
    const definition = JSON.parse(String(machine.inputs["definition"])) as { States: Record<string, Json> };
    change(definition.States);
    cloud.workflows.createStateMachine({
      arn: String(machine.outputs["arn"]),
      name: String(machine.inputs["name"]),
      roleArn: String(machine.inputs["roleArn"]),
      definition,
    });
  };
  changeWorkflow(forFirst);
  const first = await retrain(cloud, platform, workload, "a test wants a model");
  if (first.rollout?.status !== "SUCCEEDED")
    throw new Error(`the first rollout: ${JSON.stringify(first.rollout)}`);

  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  const settings = { endpoint: cloud.url, region: platform.region, credentials };
  const packages = new ModelPackages(new SageMakerClient(settings));
  const s3 = new S3Client({ ...settings, forcePathStyle: true });
  const group = workload.modelPackageGroup;
  const described = await cloud.call("sagemaker", "DescribeModelPackage", {
    ModelPackageName: first.registration?.modelPackageArn,
  });
  const [container] = (
    described["InferenceSpecification"] as { Containers: { Image: string; ModelDataUrl: string }[] }
  ).Containers;
  if (container === undefined) throw new Error("the first version has no container");
  const trained = await unpacked(await cloud.read(container.ModelDataUrl));

  const pk = { S: `workload#${name}` };
  const item = async (sk: string): Promise<Json | undefined> => {
    const input = { TableName: platform.ledgerTable, Key: { pk, sk: { S: sk } } };
    return (await cloud.call("dynamodb", "GetItem", input))["Item"] as Json | undefined;
  };
  const history = async (): Promise<HistoryEntry[]> => {
    const { Items } = await cloud.call("dynamodb", "Query", {
      TableName: platform.ledgerTable,
      KeyConditionExpression: "pk = :pk AND begins_with(sk, :history)",
      ExpressionAttributeValues: { ":pk": pk, ":history": { S: "history#" } },
    });
    return (Items as Record<string, { S?: string; N?: string }>[])
      .map((fields) => Object.fromEntries(Object.entries(fields).map(([key, { S, N }]) => [key, S ?? N])))
      .filter(({ kind }) => kind === "rollout") as unknown as HistoryEntry[];
  };
  let seen = (await history()).length;
  const nextRollout = async (): Promise<HistoryEntry> => {
    for (;;) {
      const entries = await history();
      const door = (await item("admission#rollout")) as { holder?: { M?: unknown } } | undefined;
      const last = entries.at(-1);
      if (entries.length > seen && door?.holder?.M === undefined && last !== undefined) {
        seen = entries.length;
        return last;
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  let registered = 0;
  const register: RolloutCloud["register"] = async (files) => {
    const bytes = await artifactArchive(files);
    const artifactSha256 = createHash("sha256").update(bytes).digest("hex");
    const execution = `${name}-${String((registered += 1)).padStart(12, "0")}`;
    const Key = `models/${name}/${execution}/output/model.tar.gz`;
    await s3.send(new PutObjectCommand({ Bucket: platform.artifactBucket, Key, Body: bytes }));
    const modelDataUrl = `s3://${platform.artifactBucket}/${Key}`;
    const { version: artifactVersion, hashes } = JSON.parse(String(files["manifest.json"])) as Manifest;
    const registration = await packages.create({
      modelPackageGroup: group,
      image: container.Image,
      modelDataUrl,
      description: "made by a test",
      lineage: {
        execution,
        artifactVersion,
        artifactSha256,
        snapshotSha256: "none",
        dataSha256: "none",
        specSha256: hashes.spec,
        codeSha256: hashes.code,
        trainingJob: "none",
        verdictUri: "none",
        evaluationUri: "none",
        auditUri: "none",
        gateUri: "none",
        cardUri: "none",
      },
    });
    const approve = async (): Promise<void> => {
      await packages.decide(registration, { status: "Approved", reason: "a test says so" });
    };
    return { version: registration.version, modelDataUrl, approve };
  };
  return {
    cloud,
    endpoint,
    trained,
    register,
    nextRollout,
    rollOut: async (files) => {
      const { approve } = await register(files);
      await approve();
      return nextRollout();
    },
    moveBy: (policy) =>
      changeWorkflow((states) => {
        const { DeploymentConfig } = parametersOf(states, "UpdateEndpoint");
        Object.assign(DeploymentConfig as Json, { BlueGreenUpdatePolicy: policy });
      }),
    changeWorkflow,
    changeSpec: async (change) => {
      const { hostname: Bucket, pathname } = new URL(workload.specUri);
      const bytes = await cloud.read(workload.specUri);
      const put = async (Body: Buffer): Promise<void> => {
        await s3.send(new PutObjectCommand({ Bucket, Key: pathname.slice(1), Body }));
      };
      const spec = WorkloadSpec.parse(JSON.parse(String(bytes)));
      await put(Buffer.from(JSON.stringify(change(spec))));
      return () => put(bytes);
    },
    trial: () => item("trial"),
    pointer: async () => {
      const found = (await item("pointer")) as
        | { version: { N: string }; endpointConfigName: { S: string } }
        | undefined;
      if (found === undefined) return null;
      return { version: Number(found.version.N), endpointConfigName: found.endpointConfigName.S };
    },
    leftovers: async () => {
      const list = async (action: string, list: string, name: string): Promise<string[]> =>
        ((await cloud.call("sagemaker", action, {}))[list] as Record<string, string>[])
          .map((one) => one[name] ?? "")
          .filter((one) => !one.endsWith("-baseline"))
          .toSorted();
      const { EndpointConfigName } = await cloud.call("sagemaker", "DescribeEndpoint", {
        EndpointName: endpoint,
      });
      return {
        live: String(EndpointConfigName),
        configs: await list("ListEndpointConfigs", "EndpointConfigs", "EndpointConfigName"),
        models: await list("ListModels", "Models", "ModelName"),
        alarms: cloud.alarms
          .list()
          .map(({ alarm }) => alarm.AlarmName)
          .filter((alarm) => /-[0-9a-f]{12}-\w+$/.test(alarm))
          .toSorted(),
      };
    },
  };
}

/** Parameters of a task of a workflow. */
export function parametersOf(states: Record<string, Json>, name: string): Json {
  const parameters = states[name]?.["Parameters"];
  if (parameters === undefined) throw new Error(`the workflow has no task ${name} with parameters`);
  return parameters as Json;
}

async function unpacked(archive: Buffer): Promise<Files> {
  const files: Files = {};
  const reading = extract();
  reading.end(gunzipSync(archive));
  for await (const entry of reading) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry as AsyncIterable<Buffer>) chunks.push(chunk);
    files[entry.header.name] = Buffer.concat(chunks);
  }
  return files;
}

/** The same files with some replaced, in accord with each other; `manifest` changes what the manifest says. */
export function changed(
  files: Files,
  replaced: Files,
  manifest: (manifest: Manifest) => object = (same) => same,
): Files {
  const all = { ...files, ...replaced };
  const before = JSON.parse(String(files["manifest.json"])) as Manifest;
  const hashes = Object.fromEntries(
    Object.keys(before.hashes.files).map((file) => [
      file,
      createHash("sha256")
        .update(all[file] ?? "")
        .digest("hex"),
    ]),
  );
  const after = { ...manifest(before), hashes: { ...before.hashes, files: hashes } };
  return { ...all, "manifest.json": Buffer.from(JSON.stringify(after)) };
}
