import type { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import type { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import type { LambdaClient } from "@aws-sdk/client-lambda";
import type { S3Client } from "@aws-sdk/client-s3";
import type { SageMakerClient } from "@aws-sdk/client-sagemaker";
import type { SageMakerRuntimeClient } from "@aws-sdk/client-sagemaker-runtime";
import type { SFNClient } from "@aws-sdk/client-sfn";
import type { Platform } from "@perennial/contracts";
import type { Ledger } from "@perennial/ledger";
import type { StateReader } from "@perennial/online";
import type { Terminal } from "./output/terminal.ts";
import type { TrackingReader } from "./tracking.ts";

/** A stack that can be reached: what it holds and the clients that speak to it. */
export interface Connection {
  /** As it was asked for: `local`, `dev`, `prod`. */
  stack: string;
  /** Address of the local cloud's gateway; null where AWS itself answers. */
  url: string | null;
  platform: Platform;
  ledger: Pick<Ledger, "readAdmission" | "readPointer" | "readTrial" | "listHistory" | "liveAt">;
  events: Pick<EventBridgeClient, "send">;
  stepFunctions: Pick<SFNClient, "send">;
  sageMaker: Pick<SageMakerClient, "send">;
  runtime: Pick<SageMakerRuntimeClient, "send">;
  lambda: Pick<LambdaClient, "send">;
  s3: Pick<S3Client, "send">;
  logs: Pick<CloudWatchLogsClient, "send">;
  /** The latest states of a workload's entities. */
  online: (workload: string) => StateReader;
  /** Null where the stack names no tracking server. */
  tracking: TrackingReader | null;
}

/** Everything outside that a command touches. */
export interface Context {
  terminal: Terminal;
  /** @throws {CliFault} in a sentence, when the stack is unknown, isn't running, or refuses the call. */
  connect: (where: Where) => Promise<Connection>;
  clock: { now: () => Date; sleep: (ms: number) => Promise<void> };
  /** Whole content of a file, or of standard input for `-`. */
  read: (path: string) => Promise<string>;
  /** Who asks, as the history will name them. */
  user: string;
  /** Starts the local cloud in the foreground; answers its exit code. */
  startLocal: (flags: readonly string[]) => Promise<number>;
  /** Aborted by Ctrl-C: a command that follows something then stops following it. */
  interrupted: AbortSignal;
}

/** Options that every command takes. */
export interface Where {
  stack: string;
  /** Folder of the local cloud's state. */
  state: string;
}
