import * as pulumi from "@pulumi/pulumi";

/** Signature that Pulumi's wire format puts on secrets. */
const SECRET = "4dabf18193072939515e22adb298388d";

/** Inputs as plain values, which can be sent to another thread and compared. */
export async function plainInputs(inputs: Record<string, unknown>): Promise<Record<string, unknown>> {
  return (await plain(inputs)) as Record<string, unknown>;
}

async function plain(value: unknown): Promise<unknown> {
  if (value instanceof pulumi.asset.StringAsset) return { asset: { text: await value.text } };
  if (value instanceof pulumi.asset.FileAsset) return { asset: { path: await value.path } };
  if (value instanceof pulumi.asset.AssetArchive) return { archive: await archived(value) };
  if (value instanceof pulumi.asset.Asset || value instanceof pulumi.asset.Archive) {
    throw new Error(
      `${value.constructor.name} is not emulated; expected a StringAsset, a FileAsset or an AssetArchive.`,
    );
  }
  if (Array.isArray(value)) return Promise.all(value.map(plain));
  if (typeof value !== "object" || value === null) return value;
  if (SECRET in value) return plain((value as { value?: unknown }).value);
  const entries = await Promise.all(
    Object.entries(value).map(async ([key, item]) => [key, await plain(item)] as const),
  );
  return Object.fromEntries(entries.filter(([, item]) => item !== undefined));
}

async function archived(archive: pulumi.asset.AssetArchive): Promise<Record<string, unknown>> {
  const entries = await Promise.all(
    Object.entries(await archive.assets).map(async ([name, file]) => {
      const { asset } = (await plain(file)) as { asset?: unknown };
      if (asset === undefined) throw new Error(`${name}: an archive within an archive is not emulated.`);
      return [name, asset] as const;
    }),
  );
  return Object.fromEntries(entries);
}
