import { GetObjectCommand } from "@aws-sdk/client-s3";
import { AuditReport, Evaluation, GateReport, parse, Verdict, WorkloadSpec } from "@perennial/contracts";
import type { z } from "zod";
import type { Connection } from "./context.ts";
import { CliFault, EXIT } from "./exit.ts";

type Reader = Pick<Connection, "s3">;

/** @throws {CliFault} where the document is gone. */
export const readVerdict = (reader: Reader, uri: string): Promise<Verdict> =>
  readDocument(reader, Verdict, "verdict", uri);

/** @throws {CliFault} where the document is gone. */
export const readEvaluation = (reader: Reader, uri: string): Promise<Evaluation> =>
  readDocument(reader, Evaluation, "evaluation", uri);

/** @throws {CliFault} where the document is gone. */
export const readAudit = (reader: Reader, uri: string): Promise<AuditReport> =>
  readDocument(reader, AuditReport, "audit report", uri);

/**
 * @param uri of the report, or of the folder that it lies in.
 * @throws {CliFault} where the document is gone.
 */
export const readGate = (reader: Reader, uri: string): Promise<GateReport> =>
  readDocument(reader, GateReport, "data gate's report", uri.endsWith("/") ? `${uri}gate.json` : uri);

/** @throws {CliFault} where the document is gone. */
export const readSpec = (reader: Reader, uri: string): Promise<WorkloadSpec> =>
  readDocument(reader, WorkloadSpec, "workload spec", uri);

async function readDocument<Schema extends z.ZodType>(
  { s3 }: Reader,
  schema: Schema,
  what: string,
  uri: string,
): Promise<z.output<Schema>> {
  const [, Bucket, Key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(uri) ?? [];
  try {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
    return parse(schema, JSON.parse((await Body?.transformToString()) ?? ""), `${what} ${uri}`);
  } catch (error) {
    if (error instanceof Error && error.name === "NoSuchKey") {
      throw new CliFault(EXIT.notFound, `The ${what} ${uri} is gone from its bucket.`, { cause: error });
    }
    throw error;
  }
}
