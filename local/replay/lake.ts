import { GetObjectCommand, paginateListObjectsV2, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { EndpointResponse, PROBE_PREFIX } from "@perennial/contracts";

/** Where a replay's captures and outcomes lie. */
export interface LakeAddress {
  endpoint: string;
  region: string;
  bucket: string;
  workload: string;
}

/** What a capture file holds of one invocation, as far as it is read here. */
interface CapturedLine {
  captureData: { endpointOutput: { data: string; encoding: "CSV" | "JSON" | "BASE64" } };
  eventMetadata: { inferenceId?: string };
}

/** A line of ground truth. */
interface LabelLine {
  groundTruthData: { data: string; encoding: "CSV" };
  eventMetadata: { eventId: string };
  eventVersion: "0";
}

/** The lake as those see it who watch a model: captured answers and the outcomes that came later, both by inference id. */
export class Lake {
  private readonly s3: S3Client;
  private readonly bucket: string;
  private readonly workload: string;
  private readonly seen = new Set<string>();

  constructor({ endpoint, region, bucket, workload }: LakeAddress) {
    const credentials = { accessKeyId: "replay", secretAccessKey: "replay" };
    this.s3 = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
    this.bucket = bucket;
    this.workload = workload;
  }

  close(): void {
    this.s3.destroy();
  }

  /** Answers by inference id, of the capture files that have come since the last look. */
  async readNewCaptures(): Promise<Map<string, EndpointResponse>> {
    const captured = new Map<string, EndpointResponse>();
    const pages = paginateListObjectsV2(
      { client: this.s3 },
      { Bucket: this.bucket, Prefix: `capture/${this.workload}/` },
    );
    for await (const { Contents = [] } of pages) {
      for (const { Key = "" } of Contents) {
        if (this.seen.has(Key)) continue;
        this.seen.add(Key);
        for (const line of await this.lines<CapturedLine>(Key)) {
          const { inferenceId } = line.eventMetadata;
          // A rollout's own questions are nobody's requests.
          if (inferenceId === undefined || inferenceId.startsWith(PROBE_PREFIX)) continue;
          captured.set(inferenceId, answerOf(line));
        }
      }
    }
    return captured;
  }

  /**
   * Writes outcomes in the form in which SageMaker Model Monitor merges ground truth: JSON Lines in a folder of the hour,
   * UTC (AWS documentation, "Ingest ground truth labels and merge them with predictions").
   *
   * @param at when they became known, in milliseconds since 1970.
   * @returns key of the object in the lake.
   */
  async putLabels(at: number, batch: string, outcomes: ReadonlyMap<string, number>): Promise<string> {
    const hour = new Date(at).toISOString().slice(0, 13).replaceAll(/[-T]/g, "/");
    const Key = `labels/${this.workload}/${hour}/${batch}.jsonl`;
    const lines = [...outcomes].map(([eventId, outcome]): string => {
      const line: LabelLine = {
        groundTruthData: { data: String(outcome), encoding: "CSV" },
        eventMetadata: { eventId },
        eventVersion: "0",
      };
      return `${JSON.stringify(line)}\n`;
    });
    await this.s3.send(new PutObjectCommand({ Bucket: this.bucket, Key, Body: lines.join("") }));
    return Key;
  }

  /** Outcomes by inference id. */
  async readLabels(key: string): Promise<Map<string, number>> {
    const lines = await this.lines<LabelLine>(key);
    return new Map(
      lines.map(({ eventMetadata, groundTruthData }) => [
        eventMetadata.eventId,
        Number(groundTruthData.data),
      ]),
    );
  }

  private async lines<Line>(Key: string): Promise<Line[]> {
    const { Body } = await this.s3.send(new GetObjectCommand({ Bucket: this.bucket, Key }));
    const text = (await Body?.transformToString()) ?? "";
    return text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Line);
  }
}

function answerOf({ captureData: { endpointOutput } }: CapturedLine): EndpointResponse {
  const { data, encoding } = endpointOutput;
  const text = encoding === "BASE64" ? Buffer.from(data, "base64").toString("utf8") : data;
  return EndpointResponse.parse(JSON.parse(text));
}
