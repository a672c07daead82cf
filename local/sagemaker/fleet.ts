import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { basename, join } from "node:path";
import type { AddressInfo } from "node:net";
import { startChild, type Child } from "../emulators/child.ts";
import { unpack } from "./archive.ts";
import { DataCapture } from "./data-capture.ts";
import { RoleStorage } from "./job-storage.ts";
import type { Models, StoredConfig } from "./models.ts";
import { drawImage, encryptVolume, mayPutMetrics, openLog } from "./role-duties.ts";
import type { Surroundings } from "./surroundings.ts";
import { credentials } from "./training-jobs.ts";

const STARTUP_SECONDS = 60;
const PING_INTERVAL_MS = 25;
const RESTART_DELAY_MS = 500;

/** One variant of a fleet: a serving process. */
export interface Variant {
  readonly name: string;
  readonly port: number;
  readonly instanceType: string;
  weight: number;
  instanceCount: number;
}

/** The processes behind one endpoint configuration. */
export class Fleet {
  readonly config: StoredConfig;
  readonly variants: readonly Variant[];
  readonly capture: DataCapture | undefined;
  private readonly stops: (() => Promise<void>)[];

  private constructor(
    config: StoredConfig,
    variants: readonly Variant[],
    capture: DataCapture | undefined,
    stops: (() => Promise<void>)[],
  ) {
    this.config = config;
    this.variants = variants;
    this.capture = capture;
    this.stops = stops;
  }

  /**
   * Starts a process per variant and waits until each answers its health check.
   *
   * @throws where one doesn't; none is left running then.
   */
  static async start(
    surroundings: Surroundings,
    models: Models,
    endpointName: string,
    config: StoredConfig,
  ): Promise<Fleet> {
    const folder = join(surroundings.stateFolder, "endpoints", endpointName, config.EndpointConfigName);
    const stops: (() => Promise<void>)[] = [];
    const started: Variant[] = [];
    try {
      for (const wanted of config.ProductionVariants) {
        const { variant, stop } = await startVariant(
          surroundings,
          models,
          {
            endpointName,
            name: wanted.VariantName,
            modelName: wanted.ModelName,
            volumeKey: config["KmsKeyId"],
          },
          join(folder, wanted.VariantName),
        );
        stops.push(stop);
        started.push({
          ...variant,
          instanceType: wanted.InstanceType,
          weight: wanted.InitialVariantWeight,
          instanceCount: wanted.InitialInstanceCount,
        });
      }
    } catch (error) {
      await Promise.all(stops.map((stop) => stop()));
      throw error;
    }
    const { DataCaptureConfig } = config;
    const [first] = config.ProductionVariants;
    let capture: DataCapture | undefined;
    if (DataCaptureConfig?.EnableCapture === true && first !== undefined) {
      const { ExecutionRoleArn } = models.model(first.ModelName);
      capture = new DataCapture(surroundings, endpointName, ExecutionRoleArn, DataCaptureConfig);
    }
    return new Fleet(config, started, capture, [
      ...stops,
      async () => rmSync(folder, { recursive: true, force: true }),
    ]);
  }

  async stop(): Promise<void> {
    await this.capture?.close();
    for (const stop of this.stops) await stop();
  }
}

async function startVariant(
  surroundings: Surroundings,
  models: Models,
  of: { endpointName: string; name: string; modelName: string; volumeKey: unknown },
  folder: string,
): Promise<{ variant: { name: string; port: number }; stop: () => Promise<void> }> {
  const { gateway, python, startupSeconds = STARTUP_SECONDS } = surroundings;
  const {
    PrimaryContainer: container,
    ExecutionRoleArn,
    EnableNetworkIsolation,
  } = models.model(of.modelName);
  const caller = gateway.identity.callerAs(ExecutionRoleArn);
  const program = await drawImage(surroundings, caller, container.Image);
  await encryptVolume(surroundings, caller, of.volumeKey);
  await mayPutMetrics(surroundings, caller, "/aws/sagemaker/Endpoints");
  const log = await openLog(
    surroundings,
    caller,
    `/aws/sagemaker/Endpoints/${of.endpointName}`,
    `${of.name}/local`,
  );
  const model = join(folder, "ml/model");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(model, { recursive: true });
  if (container.ModelDataUrl !== undefined) {
    const storage = new RoleStorage(gateway, ExecutionRoleArn);
    try {
      // SageMaker lists the address before it reads it.
      await storage.download(container.ModelDataUrl, join(folder, "archive"));
      await unpack(readFileSync(join(folder, "archive", basename(container.ModelDataUrl))), model);
      rmSync(join(folder, "archive"), { recursive: true });
    } finally {
      storage.close();
    }
  }
  const port = await freePort();
  let isStopping = false;
  const run = (): Child =>
    startChild({
      python,
      command: [...program.command, "serve"],
      cwd: program.cwd,
      env: {
        LANG: "C.UTF-8",
        TZ: "UTC",
        ...program.env,
        ...container.Environment,
        ...(EnableNetworkIsolation ? {} : credentials(surroundings, caller)),
        PERENNIAL_ML_ROOT: join(folder, "ml"),
        HOST: "127.0.0.1",
        PORT: String(port),
      },
      onLine: log,
    });
  let child = run();
  const stop = async (): Promise<void> => {
    isStopping = true;
    child.terminate();
    const impatience = setTimeout(() => child.kill(), 5000);
    await child.ended;
    clearTimeout(impatience);
  };
  try {
    await answersPing(port, child, startupSeconds * 1000);
  } catch (cause) {
    await stop();
    throw new Error(
      `The primary container for production variant ${of.name} did not pass the ping health check. ` +
        `Please check CloudWatch logs for this endpoint.`,
      { cause },
    );
  }
  // A container that ends is started again, as its instance does on AWS.
  const keepAlive = async (): Promise<void> => {
    for (;;) {
      await child.ended;
      if (isStopping) return;
      await new Promise((resolve) => setTimeout(resolve, RESTART_DELAY_MS).unref());
      if (isStopping) return;
      child = run();
    }
  };
  void keepAlive();
  return { variant: { name: of.name, port }, stop };
}

/** @throws where the program ends, or the time passes, before `/ping` answers 200. */
async function answersPing(port: number, child: Child, patienceMs: number): Promise<void> {
  const deadline = Date.now() + patienceMs;
  let ended: number | undefined;
  void child.ended.then((code) => (ended = code));
  for (;;) {
    if (ended !== undefined) throw new Error(`its program ended with code ${ended}`);
    if (Date.now() > deadline) throw new Error(`/ping was not 200 within ${patienceMs} ms`);
    try {
      const response = await fetch(`http://127.0.0.1:${port}/ping`, { signal: AbortSignal.timeout(2000) });
      await response.arrayBuffer();
      if (response.status === 200) return;
    } catch {
      // Not listening yet.
    }
    await new Promise((resolve) => setTimeout(resolve, PING_INTERVAL_MS));
  }
}

/** A port that was free a moment ago; whoever loses the race for it fails its health check. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  return port;
}
