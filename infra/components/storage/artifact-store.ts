import { createHash } from "node:crypto";
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { PrivateBucket, type PrivateBucketArgs } from "./private-bucket.ts";

/** Days after which an interrupted training can't be resumed any more. */
const CHECKPOINT_DAYS = 7;

/** A document stored under the hash of what it says. */
export interface StoredSpec {
  specUri: pulumi.Output<string>;
  /** Folder with its final slash: the channel `spec` of the jobs. */
  prefixUri: pulumi.Output<string>;
}

/** An artifact stored under its own hash. */
export interface StoredBaseline {
  uri: pulumi.Output<string>;
  sha256: string;
  /** For what has to wait until it is there. */
  object: aws.s3.BucketObjectv2;
}

/**
 * Bucket of what the platform makes and keeps: specs, baselines, models, evaluations, verdicts, audits.
 *
 * @example
 * const store = new ArtifactStore("artifacts", { bucketName, keyArn, recoveryDays: 90, protect: true });
 * store.grantRead("serving", role, ["models/readmission/"]);
 */
export class ArtifactStore extends PrivateBucket {
  constructor(name: string, args: Omit<PrivateBucketArgs, "expiry">, opts?: pulumi.ComponentResourceOptions) {
    const expiry = [{ id: "checkpoints", prefix: "checkpoints/" as const, days: CHECKPOINT_DAYS }];
    super("ArtifactStore", name, { ...args, expiry }, opts);
    this.registerOutputs({ bucketArn: this.bucket.arn });
  }

  /**
   * Stores a workload's spec and its queries in one folder, which is named for what all of them say.
   *
   * @param queries by their path in the folder.
   */
  storeSpec(workload: string, spec: string, queries: Readonly<Record<string, string>>): StoredSpec {
    const names = Object.keys(queries).toSorted((a, b) => (a < b ? -1 : 1));
    const hash = createHash("sha256").update(spec);
    for (const name of names) hash.update(`\0${name}\0`).update(queries[name] ?? "");
    const folder = `specs/${workload}/${hash.digest("hex")}`;
    this.store(`${workload}-spec`, `${folder}/spec.json`, { content: spec, contentType: "application/json" });
    for (const name of names) {
      this.store(`${workload}-${name}`, `${folder}/${name}`, {
        content: queries[name] ?? "",
        contentType: "application/sql",
      });
    }
    return {
      specUri: pulumi.interpolate`s3://${this.bucket.bucket}/${folder}/spec.json`,
      prefixUri: pulumi.interpolate`s3://${this.bucket.bucket}/${folder}/`,
    };
  }

  /** Stores a workload's baseline model. */
  storeBaseline(workload: string, artifact: Buffer): StoredBaseline {
    const sha256 = createHash("sha256").update(artifact).digest("hex");
    const key = `baselines/${workload}/${sha256}/model.tar.gz`;
    const object = this.store(`${workload}-baseline`, key, {
      contentBase64: artifact.toString("base64"),
      contentType: "application/gzip",
    });
    return { uri: pulumi.interpolate`s3://${this.bucket.bucket}/${key}`, sha256, object };
  }

  private store(
    what: string,
    key: string,
    content: Pick<aws.s3.BucketObjectv2Args, "content" | "contentBase64" | "contentType">,
  ): aws.s3.BucketObjectv2 {
    return new aws.s3.BucketObjectv2(
      `${this.name}-${what}`,
      { bucket: this.bucket.id, key, ...content },
      // What was trained, judged or served by an earlier version of it goes on referring to that.
      { parent: this, retainOnDelete: true },
    );
  }
}
