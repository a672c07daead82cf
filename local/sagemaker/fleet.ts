import { rmSync } from "node:fs";
import { join } from "node:path";
import { startServing, Unhealthy } from "./container.ts";
import { DataCapture } from "./data-capture.ts";
import { type Models, type StoredConfig, variantsOf } from "./models.ts";
import { drawImage, encryptVolume, mayPutMetrics, openLog } from "./role-duties.ts";
import type { Surroundings } from "./surroundings.ts";

/** One variant of a fleet: a serving process. */
export interface Variant {
  readonly name: string;
  readonly port: number;
  /** Undefined where it is serverless. */
  readonly instanceType: string | undefined;
  /** Where its model comes from; undefined for one that the image brings. */
  readonly modelDataUrl: string | undefined;
  weight: number;
  instanceCount: number;
}

/** The processes behind one endpoint configuration. */
export class Fleet {
  readonly config: StoredConfig;
  readonly variants: readonly Variant[];
  /** Gets copies of requests, whose answers nobody sees. Its weight beside that of the others is their share. */
  readonly shadow: Variant | undefined;
  readonly capture: DataCapture | undefined;
  private readonly copies = new Set<Promise<void>>();
  private readonly stopping = new AbortController();
  private readonly stops: (() => Promise<void>)[];

  private constructor(
    config: StoredConfig,
    variants: readonly Variant[],
    shadow: Variant | undefined,
    capture: DataCapture | undefined,
    stops: (() => Promise<void>)[],
  ) {
    this.config = config;
    this.variants = variants;
    this.shadow = shadow;
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
      for (const wanted of variantsOf(config)) {
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
    const production = started.splice(0, config.ProductionVariants.length);
    return new Fleet(config, production, started[0], capture, [
      ...stops,
      async () => rmSync(folder, { recursive: true, force: true }),
    ]);
  }

  /** Sends a copy in the background; whatever becomes of it is the copy's own affair. It is broken off when the fleet stops. */
  copy(send: (signal: AbortSignal) => Promise<void>): void {
    const copying = send(this.stopping.signal)
      .catch(() => {})
      .finally(() => this.copies.delete(copying));
    this.copies.add(copying);
  }

  /** Writes captured requests that are still in memory, copies that are under way among them. */
  async flushCapture(): Promise<void> {
    await Promise.all(this.copies);
    await this.capture?.flush();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await Promise.all(this.copies);
    await this.capture?.close();
    for (const stop of this.stops) await stop();
  }
}

async function startVariant(
  surroundings: Surroundings,
  models: Models,
  of: { endpointName: string; name: string; modelName: string; volumeKey: unknown },
  folder: string,
): Promise<{ variant: Pick<Variant, "name" | "port" | "modelDataUrl">; stop: () => Promise<void> }> {
  const model = models.model(of.modelName);
  const caller = surroundings.gateway.identity.callerAs(model.ExecutionRoleArn);
  const program = await drawImage(surroundings, caller, model.PrimaryContainer.Image);
  await encryptVolume(surroundings, caller, of.volumeKey);
  await mayPutMetrics(surroundings, caller, "/aws/sagemaker/Endpoints");
  const log = await openLog(
    surroundings,
    caller,
    `/aws/sagemaker/Endpoints/${of.endpointName}`,
    `${of.name}/local`,
  );
  try {
    const { port, stop } = await startServing(surroundings, { model, caller, program, folder, onLine: log });
    const { ModelDataUrl: modelDataUrl } = model.PrimaryContainer;
    return { variant: { name: of.name, port, modelDataUrl }, stop };
  } catch (error) {
    if (!(error instanceof Unhealthy)) throw error;
    throw new Error(
      `The primary container for production variant ${of.name} did not pass the ping health check. ` +
        `Please check CloudWatch logs for this endpoint.`,
      { cause: error },
    );
  }
}
