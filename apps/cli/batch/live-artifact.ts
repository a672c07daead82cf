import { createHash } from "node:crypto";
import { GetObjectCommand } from "@aws-sdk/client-s3";
import type { Connection } from "../context.ts";
import { CliFault, EXIT } from "../exit.ts";
import type { PlatformWorkload } from "../workload.ts";

/** Which model scores. */
export interface ModelSource {
  /** In the registry; 0 is the baseline. */
  version: number;
  modelDataUrl: string;
  /** Empty for the baseline, whose hash no pointer keeps. */
  artifactSha256: string;
}

/** The model that is live: the pointer's, or the baseline before the first rollout. */
export async function liveModel({ ledger }: Connection, workload: PlatformWorkload): Promise<ModelSource> {
  const pointer = await ledger.readPointer(workload.name);
  if (pointer === null) return { version: 0, modelDataUrl: workload.baselineUri, artifactSha256: "" };
  const { version, modelDataUrl, artifactSha256 } = pointer;
  return { version, modelDataUrl, artifactSha256 };
}

/** @throws {CliFault} where the artifact is gone or isn't the one that was put in service. */
export async function download(
  { s3 }: Connection,
  { modelDataUrl, artifactSha256 }: ModelSource,
): Promise<Uint8Array> {
  const [, Bucket, Key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(modelDataUrl) ?? [];
  let artifact: Uint8Array;
  try {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
    artifact = (await Body?.transformToByteArray()) ?? new Uint8Array();
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "NoSuchKey") throw error;
    throw new CliFault(EXIT.notFound, `The artifact ${modelDataUrl} is gone from its bucket.`, {
      cause: error,
    });
  }
  const found = createHash("sha256").update(artifact).digest("hex");
  if (artifactSha256 !== "" && found !== artifactSha256) {
    throw new CliFault(
      EXIT.failed,
      `The artifact ${modelDataUrl} has the SHA-256 ${found}, but ${artifactSha256} was put in service.`,
    );
  }
  return artifact;
}
