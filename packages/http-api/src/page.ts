import type { OpenApiDocument } from "./openapi.ts";
import { PROBLEMS, problemType, type ProblemKind } from "./problems.ts";
import type { JsonSchema } from "./record-schema.ts";

/** The page's one style, in whose hash the content security policy trusts. */
export const PAGE_STYLE = `body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1f24;background:#fff}
h1,h2{line-height:1.2}h2{margin-top:2.5rem;border-top:1px solid #d0d7de;padding-top:1rem}
code,pre{font:14px/1.4 ui-monospace,monospace;background:#f3f5f7}pre{padding:.75rem;overflow:auto}
table{border-collapse:collapse;width:100%;font-size:.9rem}th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid #e3e7eb}
summary{cursor:pointer;padding:.4rem 0;font-weight:600}
@media (prefers-color-scheme:dark){body{background:#14181d;color:#e6e9ec}code,pre{background:#20262d}th,td,h2{border-color:#333b44}a{color:#79b8ff}}`;

/** The document for people: one page of HTML that asks nothing of anybody else, and runs no script. */
export function documentPage({ info, paths, components, security }: OpenApiDocument): string {
  const [auth = "key"] = Object.keys(security[0] ?? {});
  const routes = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({ method, path, operation })),
  );
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>${escape(info.title)}</title><style>${PAGE_STYLE}</style></head>
<body>
<h1>${escape(info.title)}</h1>
<p>${escape(info.description)}</p>
<p>The same for programs: <a href="openapi.json">openapi.json</a> (OpenAPI 3.1).</p>
${routes.map(({ method, path, operation }) => section(method, path, operation, auth, components.schemas)).join("\n")}
<h2>Problems</h2>
<table><thead><tr><th>Status</th><th>Type</th><th>What it says</th></tr></thead><tbody>
${(Object.keys(PROBLEMS) as ProblemKind[]).map((kind) => `<tr><td>${PROBLEMS[kind].status}</td><td><code>${problemType(kind)}</code></td><td>${escape(PROBLEMS[kind].title)}</td></tr>`).join("\n")}
</tbody></table>
</body></html>
`;
}

const HEADER: Record<string, string> = {
  key: '--header "x-api-key: $KEY"',
  jwt: '--header "Authorization: Bearer $TOKEN"',
  iam: '--aws-sigv4 "aws:amz:$REGION:execute-api" --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"',
};

function section(
  method: string,
  path: string,
  operation: JsonSchema,
  auth: string,
  schemas: Record<string, JsonSchema>,
): string {
  const { summary, description, requestBody } = operation as {
    summary: string;
    description?: string;
    requestBody?: { content: { "application/json": { schema: { $ref: string }; examples: Examples } } };
  };
  const heading = `<h2 id="${escape(String(operation["operationId"]))}">${escape(summary)}</h2>
<p><code>${method.toUpperCase()} ${escape(path)}</code></p>${description === undefined ? "" : `\n<p>${escape(description)}</p>`}`;
  if (requestBody === undefined) return heading;
  const { schema, examples } = requestBody.content["application/json"];
  const record =
    schemas[
      schema.$ref
        .split("/")
        .at(-1)
        ?.replace(/Request$/, "Record") ?? ""
    ] ?? {};
  const body = JSON.stringify(examples.one.value).replaceAll("'", "'\\''");
  return `${heading}
<pre>curl "$URL${escape(path)}" ${escape(HEADER[auth] ?? "")} \\
  --header "Content-Type: application/json" --data '${escape(body)}'</pre>
<details><summary>Fields of a record</summary>${fields(record)}</details>`;
}

interface Examples {
  one: { value: unknown };
}

interface Field {
  type?: string | string[];
  enum?: unknown[];
  description?: string;
}

function fields({ properties, required }: JsonSchema): string {
  const needed = new Set(Array.isArray(required) ? (required as string[]) : []);
  const rows = Object.entries((properties ?? {}) as Record<string, Field>).map(
    ([name, { type, enum: levels, description }]) => {
      const kind = Array.isArray(levels)
        ? levels.map((level) => JSON.stringify(level)).join(", ")
        : [type].flat().join(", ");
      return `<tr><td><code>${escape(name)}</code>${needed.has(name) ? " (required)" : ""}</td><td>${escape(kind)}</td><td>${escape(description ?? "")}</td></tr>`;
    },
  );
  return `<table><thead><tr><th>Field</th><th>Holds</th><th>Meaning</th></tr></thead><tbody>${rows.join("\n")}</tbody></table>`;
}

const ENTITIES: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
const escape = (text: string): string =>
  text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
