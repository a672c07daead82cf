import { gunzipSync } from "node:zlib";

/** How a transform job cuts its input and puts its output together. */
export interface TransformShape {
  isLines: boolean;
  isCompressed: boolean;
  /** One record a request, or as many as the payload holds. */
  isSingle: boolean;
  maxPayloadMb: number;
  isJoined: boolean;
}

/** The job's owner can mend it: the job's log names it, its FailureReason points there. */
export class TransformFault extends Error {
  constructor(message: string) {
    super(message);
    this.name = "TransformFault";
  }
}

const MEGABYTE = 1024 * 1024;

/**
 * Cuts an object into requests.
 *
 * @throws {TransformFault} where it isn't compressed as the job says, or a record is larger than a request may be.
 */
export function payloadsOf(object: Buffer, shape: TransformShape): Buffer[] {
  const { isLines, isSingle, maxPayloadMb } = shape;
  const content = shape.isCompressed ? unzipped(object) : object;
  const limit = maxPayloadMb === 0 ? Infinity : maxPayloadMb * MEGABYTE;
  const records = isLines ? linesOf(content) : [content];
  const payloads: Buffer[] = [];
  let waiting: Buffer[] = [];
  let bytes = 0;
  const flush = (): void => {
    if (waiting.length > 0) payloads.push(Buffer.concat(waiting));
    waiting = [];
    bytes = 0;
  };
  for (const record of records) {
    if (record.length > limit) {
      throw new TransformFault(
        `Too much data for max payload size: ${record.length} bytes, MaxPayloadInMB is ${maxPayloadMb}`,
      );
    }
    if (isSingle || bytes + record.length > limit) flush();
    waiting.push(record);
    bytes += record.length;
  }
  flush();
  return payloads;
}

/**
 * What the container answered to one request, as it goes into the output: each line under its record's attribute
 * `SageMakerOutput` where input is joined.
 *
 * @throws {TransformFault} where there is no answer for each record.
 */
export function assembled(payload: Buffer, answer: Buffer, { isLines, isJoined }: TransformShape): Buffer {
  if (!isLines && !isJoined) return answer;
  const outputs = isLines ? linesOf(answer) : [answer];
  if (!isJoined) return Buffer.concat(outputs);
  const inputs = isLines ? linesOf(payload) : [payload];
  if (inputs.length !== outputs.length) {
    throw new TransformFault(
      `can't join ${inputs.length} records with ${outputs.length} predictions: expected one for each`,
    );
  }
  return Buffer.from(
    inputs.map((input, index) => `${joined(input, outputs[index] ?? Buffer.alloc(0))}\n`).join(""),
  );
}

function joined(input: Buffer, output: Buffer): string {
  const SageMakerOutput = json(output);
  const record = json(input);
  const isObject = typeof record === "object" && record !== null && !Array.isArray(record);
  return JSON.stringify(
    isObject ? { ...record, SageMakerOutput } : { SageMakerInput: record, SageMakerOutput },
  );
}

function json(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8")) as unknown;
  } catch {
    throw new TransformFault(`can't join what isn't JSON: ${bytes.toString("utf8").slice(0, 100)}`);
  }
}

/** Lines with their ends; the last one gets one. Empty ones are no records. */
function linesOf(content: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let from = 0; from < content.length;) {
    const end = content.indexOf("\n", from);
    const to = end === -1 ? content.length : end;
    const line = content.subarray(from, to);
    if (line.toString("latin1").trim() !== "") lines.push(Buffer.concat([line, Buffer.from("\n")]));
    from = to + 1;
  }
  return lines;
}

function unzipped(object: Buffer): Buffer {
  try {
    return gunzipSync(object);
  } catch {
    throw new TransformFault("CompressionType is Gzip, and the object isn't compressed so");
  }
}
