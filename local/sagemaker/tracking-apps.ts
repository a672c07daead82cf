import { freePort, type Mlflow, startMlflow } from "../emulators/mlflow.ts";
import { ApiError, type Credentials, type ServiceHandler } from "../gateway/interfaces.ts";
import type { WireAnswer } from "../journal/journal.ts";

/** An MLflow app of the program. */
export interface TrackingAppDefinition {
  arn: string;
  /** Role by which it shows the artifacts of runs. */
  roleName: string;
  /** `s3://…` */
  artifactRoot: string;
}

export interface TrackingSurroundings {
  /** Python that has mlflow. */
  python: string;
  /** Folder of its database. */
  folder: string;
  /** Port that it takes if nothing else has it. */
  port: number;
  /** Address of the gateway, by which the app reaches S3. */
  endpoint: () => string;
  region: string;
  credentialsFor: (roleName: string) => Credentials;
  warn: (message: string) => void;
}

/** Longest that a request may take in the app itself. */
const ANSWER_MS = 60_000;

/**
 * SageMaker's MLflow apps: a real tracking server, which starts when it is first asked for. Until it answers, callers hear
 * that it is away, as they would on AWS.
 */
export class TrackingApps {
  private readonly around: TrackingSurroundings;
  private app: TrackingAppDefinition | null = null;
  private server: Promise<Mlflow> | null = null;
  private isReady = false;
  private isClosed = false;

  constructor(around: TrackingSurroundings) {
    this.around = around;
  }

  put(app: TrackingAppDefinition): void {
    this.app = app;
  }

  /**
   * Starts the server unless it runs; resolves with its address once it answers, or null where the program has no app.
   *
   * @throws where it can't be started, with what it said.
   */
  async open(): Promise<string | null> {
    const { app } = this;
    if (app === null || this.isClosed) return null;
    this.server ??= this.start(app);
    try {
      const { url, ready } = await this.server;
      await ready;
      this.isReady = true;
      return url;
    } catch (error) {
      // Whoever asks next starts another one.
      this.server = null;
      throw error;
    }
  }

  /** Answers what is signed for an app, from its server. */
  readonly handle: ServiceHandler = async ({ input }): Promise<WireAnswer> => {
    const arn = input["AppArn"];
    if (arn !== this.app?.arn) {
      throw new ApiError("ResourceNotFound", `There is no MLflow app ${String(arn)}.`, 404);
    }
    if (!this.isReady || this.server === null) {
      this.open().catch((error: unknown) => {
        if (!this.isClosed) this.around.warn(`the tracking server: ${(error as Error).message}`);
      });
      throw new ApiError("ServiceUnavailable", "The MLflow app is being started.", 503);
    }
    const { url } = await this.server;
    return await forward(url, input);
  };

  /** Resolves once no process of it is left. */
  async close(): Promise<void> {
    this.isClosed = true;
    const server = await this.server?.catch(() => null);
    server?.ready.catch(() => undefined);
    await server?.close();
  }

  private async start({ artifactRoot, roleName }: TrackingAppDefinition): Promise<Mlflow> {
    const { python, folder, port, endpoint, region, credentialsFor } = this.around;
    const { accessKeyId, secretAccessKey } = credentialsFor(roleName);
    return startMlflow({
      python,
      folder,
      port: await freePort(port),
      artifactRoot,
      environment: {
        AWS_ENDPOINT_URL: endpoint(),
        MLFLOW_S3_ENDPOINT_URL: endpoint(),
        AWS_DEFAULT_REGION: region,
        AWS_ACCESS_KEY_ID: accessKeyId,
        AWS_SECRET_ACCESS_KEY: secretAccessKey,
      },
    });
  }
}

async function forward(url: string, input: Record<string, unknown>): Promise<WireAnswer> {
  const { Method, Path, ContentType, Body } = input as {
    Method: string;
    Path: string;
    ContentType?: string;
    Body: string;
  };
  try {
    const answer = await fetch(`${url}${Path}`, {
      method: Method,
      signal: AbortSignal.timeout(ANSWER_MS),
      ...(Body === "" ? {} : { body: Buffer.from(Body, "base64") }),
      ...(ContentType === undefined ? {} : { headers: { "content-type": ContentType } }),
    });
    const contentType = answer.headers.get("content-type") ?? "application/json";
    return {
      status: answer.status,
      headers: { "content-type": contentType },
      body: Buffer.from(await answer.arrayBuffer()),
    };
  } catch (error) {
    throw new ApiError(
      "ServiceUnavailable",
      `The MLflow app gives no answer: ${(error as Error).message}`,
      503,
    );
  }
}
