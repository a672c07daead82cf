import { GetObjectCommand } from "@aws-sdk/client-s3";
import { parse, Verdict } from "@perennial/contracts";
import type { Connection } from "./context.ts";
import { CliFault, EXIT } from "./exit.ts";

/** @throws {CliFault} where the document is gone. */
export async function readVerdict({ s3 }: Pick<Connection, "s3">, uri: string): Promise<Verdict> {
  const [, Bucket, Key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(uri) ?? [];
  try {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
    return parse(Verdict, JSON.parse((await Body?.transformToString()) ?? ""), `verdict ${uri}`);
  } catch (error) {
    if (error instanceof Error && error.name === "NoSuchKey") {
      throw new CliFault(EXIT.notFound, `The verdict ${uri} is gone from its bucket.`, { cause: error });
    }
    throw error;
  }
}
