import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";

/** S3 behind the gateway, as the person at the machine. */
export function openObjects(
  endpoint: string,
  region: string,
): { s3: S3Client; read: (uri: string) => Promise<Buffer> } {
  const s3 = new S3Client({
    endpoint,
    region,
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
    forcePathStyle: true,
  });
  const read = async (uri: string): Promise<Buffer> => {
    const { hostname: Bucket, pathname } = new URL(uri);
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: pathname.slice(1) }));
    return Buffer.from((await Body?.transformToByteArray()) ?? []);
  };
  return { s3, read };
}
