import { createHash, createHmac, type Hash, type Hmac } from "node:crypto";
import { SignatureV4 } from "@smithy/signature-v4";
import type { AwsCredentialIdentity, HashConstructor, Provider, SourceData } from "@smithy/types";

/** A request as it goes over the wire. */
export interface WireRequest {
  method: string;
  url: URL;
  headers: Record<string, string>;
  body: Uint8Array | string | undefined;
}

/** Puts onto a request whatever lets its sender in. */
export type Signer = (request: WireRequest) => Promise<Record<string, string>>;

export const unsigned: Signer = ({ headers }) => Promise.resolve(headers);

/**
 * Signs requests to an MLflow app of SageMaker, by Signature Version 4 as the service `sagemaker`: IAM asks for
 * `sagemaker:CallMlflowAppApi` on the app.
 *
 * @param appArn `arn:aws:sagemaker:<region>:<account>:mlflow-app/<id>`
 */
export function appSigner(appArn: string, credentials: Provider<AwsCredentialIdentity>): Signer {
  const region = regionOf(appArn);
  const signature = new SignatureV4({ service: "sagemaker", region, credentials, sha256: Sha256 });
  return async ({ method, url, headers, body }) => {
    const { protocol, hostname, port, host, pathname, searchParams } = url;
    const signed = await signature.sign({
      method,
      protocol,
      hostname,
      ...(port === "" ? {} : { port: Number(port) }),
      path: pathname,
      query: Object.fromEntries(searchParams),
      headers: { ...headers, host, "x-sm-mlflow-app-arn": appArn },
      ...(body === undefined ? {} : { body }),
    });
    // The HTTP client writes it itself, out of the URL.
    const { host: _, ...kept } = signed.headers;
    return kept;
  };
}

/** Where the MLflow apps of a region answer. */
export const appUrl = (appArn: string): string => `https://mlflow.sagemaker.${regionOf(appArn)}.app.aws`;

function regionOf(appArn: string): string {
  const region = /^arn:aws:sagemaker:([a-z0-9-]+):\d{12}:mlflow-app\/.+$/.exec(appArn)?.[1];
  if (region === undefined) {
    throw new TypeError(
      `${JSON.stringify(appArn)} is no MLflow app; expected arn:aws:sagemaker:<region>:<account>:mlflow-app/<id>`,
    );
  }
  return region;
}

class NodeHash {
  private readonly hash: Hash | Hmac;

  constructor(secret?: SourceData) {
    this.hash = secret === undefined ? createHash("sha256") : createHmac("sha256", bytesOf(secret));
  }

  update(data: SourceData): void {
    this.hash.update(bytesOf(data));
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.hash.digest());
  }
}
const Sha256: HashConstructor = NodeHash;

function bytesOf(data: SourceData): Uint8Array {
  if (typeof data === "string") return Buffer.from(data, "utf8");
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}
