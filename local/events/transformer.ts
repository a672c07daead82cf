/** What a target gets in place of the event. */
export interface TargetInput {
  input?: string | undefined;
  inputPath?: string | undefined;
  inputTransformer?: { inputPaths?: Record<string, string> | undefined; inputTemplate: string } | undefined;
}

/** The text that a rule hands to its target. */
export function inputFor(
  event: Record<string, unknown>,
  { input, inputPath, inputTransformer }: TargetInput,
  rule: { name: string; arn: string },
): string {
  if (input !== undefined) return input;
  if (inputPath !== undefined) return JSON.stringify(valueAt(event, inputPath) ?? null);
  if (inputTransformer === undefined) return JSON.stringify(event);
  const { inputPaths = {}, inputTemplate } = inputTransformer;
  const variables: Record<string, unknown> = {
    "aws.events.rule-arn": rule.arn,
    "aws.events.rule-name": rule.name,
    "aws.events.event": event,
    "aws.events.event.json": event,
    "aws.events.event.ingestion-time": event["time"],
  };
  for (const [name, path] of Object.entries(inputPaths)) variables[name] = valueAt(event, path);
  return fill(inputTemplate, variables, rule.name);
}

/**
 * Fills `<name>` in a template: between quotes it becomes the bare text of the value, elsewhere its JSON. Nothing is
 * escaped between quotes, so free text belongs outside of them.
 *
 * @throws where a variable is missing or the outcome isn't the JSON that the template begins.
 */
function fill(template: string, variables: Record<string, unknown>, rule: string): string {
  const isJson = /^\s*[{["]/.test(template);
  let isQuoted = false;
  let filled = "";
  for (let place = 0; place < template.length; place++) {
    const character = template.charAt(place);
    const [whole, name] = /^<([A-Za-z0-9_.-]+)>/.exec(template.slice(place)) ?? [];
    if (whole === undefined || name === undefined) {
      if (character === '"' && template.charAt(place - 1) !== "\\") isQuoted = !isQuoted;
      filled += character;
      continue;
    }
    const value = variables[name];
    if (value === undefined) {
      throw new Error(`rule ${rule}: the event has no value for <${name}> of the input template ${template}`);
    }
    const isText = typeof value === "string" && (isQuoted || !isJson);
    filled += isText ? value : JSON.stringify(value);
    place += whole.length - 1;
  }
  if (!isJson) return JSON.stringify(filled);
  try {
    return JSON.stringify(JSON.parse(filled));
  } catch (cause) {
    throw new Error(`rule ${rule}: the input template gives ${filled}, which is not JSON`, { cause });
  }
}

/** A JSON path in dot notation with list indices: the part of the language that EventBridge takes. */
function valueAt(event: unknown, path: string): unknown {
  const keys = path
    .replaceAll(/\[(\d+)\]/g, ".$1")
    .split(".")
    .slice(1);
  return keys.reduce<unknown>(
    (value, key) => (typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined),
    event,
  );
}
