import type { RegistryRecord } from "@perennial/contracts";

/** Where a version comes from, as rows of a table. */
export function lineageRows({ modelPackageArn, modelDataUrl, lineage }: RegistryRecord): string[][] {
  const { trainingJob, snapshotSha256, dataSha256, specSha256, codeSha256, cardUri } = lineage;
  const short = (sha256: string): string => sha256.slice(0, 12);
  return [
    ["model package", modelPackageArn],
    ["artifact", modelDataUrl],
    ["training job", trainingJob],
    [
      "made from",
      `snapshot ${short(snapshotSha256)}, data ${short(dataSha256)}, spec ${short(specSha256)}, code ${short(codeSha256)}`,
    ],
    // `card.md` and `card.json` lie beside it.
    ...(cardUri === "none" ? [] : [["model card", cardUri.replace(/\.json$/, ".html")]]),
  ];
}
