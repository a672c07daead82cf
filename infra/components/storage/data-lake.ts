import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { PrivateBucket, type PrivateBucketArgs } from "./private-bucket.ts";

export interface DataLakeArgs extends Omit<PrivateBucketArgs, "expiry"> {
  /** Days that the prepared and sealed parts of an execution are kept, with what it said of entities. */
  preparedDays: number;
  /** Days that captured requests and answers are kept, late labels for them, and what trials made of both. */
  captureDays: number;
}

/**
 * Bucket of data: raw files, snapshots of those accepted, prepared and sealed parts, captured requests and answers, labels
 * that came late.
 */
export class DataLake extends PrivateBucket {
  constructor(name: string, args: DataLakeArgs, opts?: pulumi.ComponentResourceOptions) {
    const { preparedDays, captureDays, ...bucket } = args;
    const expiry = [
      { id: "prepared", prefix: "prepared/" as const, days: preparedDays },
      { id: "sealed", prefix: "sealed/" as const, days: preparedDays },
      { id: "entities", prefix: "entities/" as const, days: preparedDays },
      { id: "capture", prefix: "capture/" as const, days: captureDays },
      // A label is joined to the captured answer that it belongs to: without that one it says nothing.
      { id: "labels", prefix: "labels/" as const, days: captureDays },
      { id: "trials", prefix: "trials/" as const, days: captureDays },
    ];
    super("DataLake", name, { ...bucket, expiry }, opts);
    this.registerOutputs({ bucketArn: this.bucket.arn });
  }

  /** Brings a workload's first source file into the lake; later ones arrive beside it. */
  storeSource(workload: string, fileName: string, path: string): void {
    new aws.s3.BucketObjectv2(
      `${this.name}-${workload}-source`,
      {
        bucket: this.bucket.id,
        key: `raw/${workload}/${fileName}`,
        source: new pulumi.asset.FileAsset(path),
      },
      { parent: this },
    );
  }

  /** Says that nothing of a workload was accepted yet: a job's input must hold something. */
  openAccepted(workload: string): void {
    new aws.s3.BucketObjectv2(
      `${this.name}-${workload}-accepted`,
      {
        bucket: this.bucket.id,
        key: `accepted/${workload}/none.json`,
        content: "{}\n",
        contentType: "application/json",
      },
      { parent: this },
    );
  }
}
