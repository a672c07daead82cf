import { randomUUID } from "node:crypto";
import { RoleStorage } from "./job-storage.ts";
import type { Capture } from "./models.ts";
import type { Surroundings } from "./surroundings.ts";

/** One side of an invocation. */
export interface Observed {
  contentType: string;
  body: Buffer;
}

export interface Invocation {
  variant: string;
  request: Observed;
  response: Observed;
  inferenceId: string | undefined;
  customAttributes: string | undefined;
}

const FLUSH_AFTER_MS = 2000;
const FLUSH_AT_LINES = 500;

/** Writes what an endpoint was asked and answered, in SageMaker's files and format, with the model's own role. */
export class DataCapture {
  private readonly surroundings: Surroundings;
  private readonly endpointName: string;
  private readonly settings: Capture;
  private readonly storage: RoleStorage;
  private readonly pending = new Map<string, string[]>();
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<void> = Promise.resolve();

  constructor(surroundings: Surroundings, endpointName: string, roleArn: string, settings: Capture) {
    this.surroundings = surroundings;
    this.endpointName = endpointName;
    this.settings = settings;
    this.storage = new RoleStorage(surroundings.gateway, roleArn);
  }

  record({ variant, request, response, inferenceId, customAttributes }: Invocation): void {
    const { random = Math.random, clock } = this.surroundings;
    if (random() * 100 >= this.settings.InitialSamplingPercentage) return;
    const modes = new Set(this.settings.CaptureOptions.map(({ CaptureMode }) => CaptureMode));
    const both = modes.has("InputAndOutput");
    const line = JSON.stringify({
      captureData: {
        ...(both || modes.has("Input") ? { endpointInput: this.side("INPUT", request) } : {}),
        ...(both || modes.has("Output") ? { endpointOutput: this.side("OUTPUT", response) } : {}),
      },
      eventMetadata: {
        eventId: randomUUID(),
        ...(customAttributes === undefined ? {} : { customAttributes: [customAttributes] }),
        ...(inferenceId === undefined ? {} : { inferenceId }),
        inferenceTime: new Date(clock.now()).toISOString().replace(/\.\d+Z$/, "Z"),
      },
      eventVersion: "0",
    });
    const lines = this.pending.get(variant) ?? [];
    lines.push(line);
    this.pending.set(variant, lines);
    if (lines.length >= FLUSH_AT_LINES) void this.flush();
    else this.timer ??= setTimeout(() => void this.flush(), FLUSH_AFTER_MS);
  }

  /** Writes what is pending; a later flush waits for an earlier one. */
  flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    const batches = [...this.pending];
    this.pending.clear();
    const before = this.writing;
    const write = async (): Promise<void> => {
      await before;
      for (const [variant, lines] of batches) await this.write(variant, lines);
    };
    this.writing = write();
    return this.writing;
  }

  async close(): Promise<void> {
    await this.flush();
    this.storage.close();
  }

  private async write(variant: string, lines: string[]): Promise<void> {
    const { clock, logs } = this.surroundings;
    const at = new Date(clock.now()).toISOString();
    const [day = "", time = ""] = at.split("T");
    const [hour, minute, second = ""] = time.split(":");
    const file = `${minute}-${second.slice(0, 2)}-${second.slice(3, 6)}-${randomUUID()}.jsonl`;
    const base = this.settings.DestinationS3Uri.replace(/\/$/, "");
    const uri = `${base}/${this.endpointName}/${variant}/${day.replaceAll("-", "/")}/${hour}/${file}`;
    try {
      await this.storage.write(uri, Buffer.from(`${lines.join("\n")}\n`), "application/jsonlines");
    } catch (error) {
      // On AWS a capture that can't be written doesn't disturb the endpoint either; its log says so.
      const message = error instanceof Error ? error.message : String(error);
      logs(
        `/aws/sagemaker/Endpoints/${this.endpointName}`,
        `${variant}/data-log`,
        `Data capture failed: ${message}`,
      );
    }
  }

  private side(mode: "INPUT" | "OUTPUT", { contentType, body }: Observed) {
    const { CsvContentTypes, JsonContentTypes } = this.settings.CaptureContentTypeHeader;
    const [type = ""] = contentType.split(";");
    const listed = (types: string[]): boolean => types.includes(type.trim());
    const encoding = listed(CsvContentTypes) ? "CSV" : listed(JsonContentTypes) ? "JSON" : "BASE64";
    return {
      observedContentType: contentType,
      mode,
      data: body.toString(encoding === "BASE64" ? "base64" : "utf8"),
      encoding,
    };
  }
}
