import { Refusal } from "./refusal.ts";

/** Forms that records and predictions come in. */
export const FORMATS = {
  "application/json": "json",
  "application/jsonlines": "json-lines",
  "application/x-ndjson": "json-lines",
  "text/csv": "csv",
} as const;

export type MediaType = keyof typeof FORMATS;

const MEDIA_TYPES = Object.keys(FORMATS) as MediaType[];
const SUPPORTED = MEDIA_TYPES.join(", ");

function split(header: string): { type: string; parameters: Map<string, string> } {
  const [type = "", ...rest] = header.split(";");
  const parameters = rest.map((parameter): [string, string] => {
    const [name = "", value = ""] = parameter.split("=");
    return [
      name.trim().toLowerCase(),
      value
        .trim()
        .replace(/^"(.*)"$/, "$1")
        .toLowerCase(),
    ];
  });
  return { type: type.trim().toLowerCase(), parameters: new Map(parameters) };
}

/** @throws {Refusal} 415 for a type, character set or encoding that isn't read here. */
export function contentTypeOf(header: string | undefined, encoding: string | undefined): MediaType {
  if (encoding !== undefined && encoding.trim().toLowerCase() !== "identity") {
    throw new Refusal(415, "Content-Encoding isn't supported; send the body as it is (identity)");
  }
  const { type, parameters } = split(header ?? "");
  const found = MEDIA_TYPES.find((known) => known === type);
  if (found === undefined) {
    throw new Refusal(
      415,
      `Content-Type ${header === undefined ? "is missing" : "isn't supported"}; expected ${SUPPORTED}`,
    );
  }
  const charset = parameters.get("charset") ?? "utf-8";
  if (charset !== "utf-8" && charset !== "utf8") {
    throw new Refusal(415, "the charset isn't supported; expected utf-8");
  }
  return found;
}

/**
 * The media type to answer with: the one that `Accept` likes best (RFC 9110, section 12.5.1), JSON where it doesn't care.
 *
 * @throws {Refusal} 406 if it takes none of ours.
 */
export function acceptedType(header: string | undefined): MediaType {
  if (header === undefined || header.trim() === "") return "application/json";
  const ranges = header.split(",").map(split);
  let best: MediaType | undefined;
  let bestQuality = 0;
  for (const candidate of MEDIA_TYPES) {
    const quality = qualityOf(candidate, ranges);
    if (quality > bestQuality) [best, bestQuality] = [candidate, quality];
  }
  if (best === undefined)
    throw new Refusal(406, `Accept names no type that is answered with; expected ${SUPPORTED}`);
  return best;
}

/** Quality from 0 to 1 by the most specific range that the type falls in. */
function qualityOf(candidate: MediaType, ranges: readonly ReturnType<typeof split>[]): number {
  const [main = ""] = candidate.split("/");
  for (const name of [candidate, `${main}/*`, "*/*"]) {
    const range = ranges.find(({ type }) => type === name);
    if (range === undefined) continue;
    const quality = Number(range.parameters.get("q") ?? "1");
    return quality >= 0 && quality <= 1 ? quality : 0;
  }
  return 0;
}
