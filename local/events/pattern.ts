type Json = unknown;
type Fields = Record<string, Json>;

/** The filters of an event pattern that are emulated. */
const FILTERS = new Set([
  "prefix",
  "suffix",
  "equals-ignore-case",
  "wildcard",
  "exists",
  "anything-but",
  "numeric",
]);

/**
 * Whether an event matches a pattern, by the rules of EventBridge: every field of the pattern must match, a field matches
 * if one of its alternatives does, and a list in the event matches if one of its items does.
 */
export function matches(pattern: Fields, event: Fields | undefined): boolean {
  return Object.entries(pattern).every(([field, expected]) => {
    if (field === "$or") return (expected as Fields[]).some((alternative) => matches(alternative, event));
    const actual = event?.[field];
    if (!Array.isArray(expected)) {
      const items = Array.isArray(actual) ? actual : [actual];
      return items.some((item) => matches(expected as Fields, isFields(item) ? item : undefined));
    }
    const values = Array.isArray(actual) ? actual : [actual];
    return expected.some((filter) => filterMatches(filter, values));
  });
}

/**
 * Refuses a pattern that EventBridge, or this emulation of it, wouldn't take.
 *
 * @throws an error that names the place.
 */
export function checkPattern(pattern: Json, path = "event pattern"): void {
  if (!isFields(pattern) || Object.keys(pattern).length === 0) {
    throw new Error(`${path} is ${JSON.stringify(pattern)}; expected an object with at least one field.`);
  }
  for (const [field, expected] of Object.entries(pattern)) {
    const place = `${path}.${field}`;
    if (!Array.isArray(expected)) {
      checkPattern(expected, place);
    } else if (field === "$or") {
      for (const alternative of expected) checkPattern(alternative, place);
    } else {
      if (expected.length === 0) throw new Error(`${place} is []; expected at least one alternative.`);
      for (const filter of expected) checkFilter(filter, place);
    }
  }
}

function checkFilter(filter: Json, place: string): void {
  if (!isFields(filter)) return;
  const [name] = Object.keys(filter);
  if (Object.keys(filter).length === 1 && name !== undefined && FILTERS.has(name)) return;
  throw new Error(`${place} holds ${JSON.stringify(filter)}; expected one of ${[...FILTERS].join(", ")}.`);
}

function filterMatches(filter: Json, values: Json[]): boolean {
  if (!isFields(filter)) return values.some((value) => value === filter);
  const [[name, operand] = []] = Object.entries(filter);
  if (name === "exists") return values.some((value) => value !== undefined) === operand;
  const present = values.filter((value) => value !== undefined);
  if (name === "anything-but") {
    // It asks for a value that is there and isn't one of these, in every item of a list.
    return present.length > 0 && present.every((value) => !isExcluded(value, operand));
  }
  return present.some((value) => valueMatches(name ?? "", operand, value));
}

function isExcluded(value: Json, operand: Json): boolean {
  if (isFields(operand)) {
    const [[name, inner] = []] = Object.entries(operand);
    const inners = Array.isArray(inner) ? inner : [inner];
    return inners.some((one) => valueMatches(name ?? "", one, value));
  }
  return (Array.isArray(operand) ? operand : [operand]).includes(value);
}

function valueMatches(name: string, operand: Json, value: Json): boolean {
  if (name === "numeric") return typeof value === "number" && numberMatches(operand as Json[], value);
  if (typeof value !== "string") return false;
  if (isFields(operand)) {
    const inner = String(operand["equals-ignore-case"]).toLowerCase();
    return name === "suffix" ? value.toLowerCase().endsWith(inner) : value.toLowerCase().startsWith(inner);
  }
  const text = String(operand);
  switch (name) {
    case "prefix":
      return value.startsWith(text);
    case "suffix":
      return value.endsWith(text);
    case "equals-ignore-case":
      return value.toLowerCase() === text.toLowerCase();
    case "wildcard": {
      const parts = text.split("*").map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
      return new RegExp(`^${parts.join(".*")}$`, "s").test(value);
    }
    default:
      return false;
  }
}

/** `[">", 0, "<=", 5]`: pairs of comparison and bound, all of which hold. */
function numberMatches(comparisons: Json[], value: number): boolean {
  for (let place = 0; place < comparisons.length; place += 2) {
    const bound = Number(comparisons[place + 1]);
    const holds = {
      "=": value === bound,
      "<": value < bound,
      "<=": value <= bound,
      ">": value > bound,
      ">=": value >= bound,
    }[String(comparisons[place])];
    if (holds !== true) return false;
  }
  return true;
}

function isFields(value: Json): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
