import { pascal } from "./pascal.ts";
import { PROBLEM_TYPE, type ProblemKind, PROBLEMS } from "./problems.ts";
import type { JsonSchema } from "./record-schema.ts";

/** Schema of a problem. */
export const PROBLEM: JsonSchema = {
  type: "object",
  description: "Problem details (RFC 9457).",
  properties: {
    type: { type: "string", description: "Names the kind of problem: urn:perennial:problem:…" },
    title: { type: "string" },
    status: { type: "integer" },
    detail: { type: "string" },
    requestId: { type: "string", description: "Absent where the firewall answered." },
    faults: {
      type: "array",
      description: "Every fault of every record; past a hundred only the first.",
      items: {
        type: "object",
        properties: {
          record: { type: ["integer", "null"], description: "Place of the record, from 0." },
          field: { type: ["string", "null"] },
          message: { type: "string" },
        },
        required: ["record", "field", "message"],
      },
    },
    model: { type: "object", description: "Which model refused." },
  },
  required: ["type", "title", "status", "detail"],
};

/** Statuses that the firewall answers with as well; it can't name the media type. */
const BY_FIREWALL: ReadonlySet<number> = new Set([413, 429]);

export const reference = (kind: ProblemKind) => ({ $ref: `#/components/responses/${pascal(kind)}` });

/** Response to a request with one of these problems, which share a status. */
export function problemResponse(...kinds: [ProblemKind, ...ProblemKind[]]): JsonSchema {
  const { status } = PROBLEMS[kinds[0]];
  const schema = { $ref: "#/components/schemas/Problem" };
  return {
    description: `${kinds.map((kind) => PROBLEMS[kind].title).join(", or: ")}.`,
    ...(status === 429 || status === 503
      ? { headers: { "retry-after": { $ref: "#/components/headers/RetryAfter" } } }
      : {}),
    content: {
      [PROBLEM_TYPE]: { schema },
      ...(BY_FIREWALL.has(status) ? { "application/json": { schema } } : {}),
    },
  };
}
