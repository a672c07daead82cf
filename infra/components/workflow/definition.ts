/** What a token may be filled with. Null leaves the key out that the token stands for. */
export type Filling =
  | string
  | number
  | boolean
  | null
  | readonly Filling[]
  | { readonly [key: string]: Filling };

const TOKEN = /\$\{(\w+)\}/g;
const WHOLE_TOKEN = /^\$\{(\w+)\}$/;

/** Names of the tokens in a workflow's definition, sorted. */
export function tokensOf(definition: string): string[] {
  return [...new Set([...definition.matchAll(TOKEN)].map(([, name = ""]) => name))].toSorted((a, b) =>
    a < b ? -1 : 1,
  );
}

/** Says which tokens lack a filling and which fillings no token uses; null where they match. */
export function mismatch(definition: string, fillings: readonly string[]): string | null {
  const tokens = tokensOf(definition);
  const unfilled = tokens.filter((name) => !fillings.includes(name));
  const unused = fillings.filter((name) => !tokens.includes(name));
  const faults = [
    ...(unfilled.length === 0 ? [] : [`not filled: ${unfilled.join(", ")}`]),
    ...(unused.length === 0 ? [] : [`filled but not used: ${unused.join(", ")}`]),
  ];
  return faults.length === 0 ? null : faults.join("; ");
}

/**
 * Fills the tokens of a workflow's definition. A token that is a whole string becomes the filling as it is; one within a
 * string becomes its text.
 */
export function fill(definition: string, fillings: Readonly<Record<string, Filling>>): string {
  return JSON.stringify(filled(JSON.parse(definition) as Filling, fillings));
}

function filled(value: Filling, fillings: Readonly<Record<string, Filling>>): Filling {
  if (typeof value === "string") return filledText(value, fillings);
  if (typeof value !== "object" || value === null) return value;
  if (isList(value)) return value.map((item) => filled(item, fillings));
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) => {
      const result = filled(item, fillings);
      const isLeftOut = result === null && typeof item === "string";
      return isLeftOut ? [] : [[key, result]];
    }),
  );
}

function filledText(text: string, fillings: Readonly<Record<string, Filling>>): Filling {
  const [, whole] = WHOLE_TOKEN.exec(text) ?? [];
  if (whole !== undefined) return fillings[whole] ?? null;
  return text.replaceAll(TOKEN, (_, name: string) => {
    const filling = fillings[name];
    if (typeof filling === "string" || typeof filling === "number") return String(filling);
    throw new TypeError(
      `token ${name} stands within ${JSON.stringify(text)}, expected a text or number for it`,
    );
  });
}

const isList = (value: object): value is readonly Filling[] => Array.isArray(value);
