import { EndpointRefusal, EndpointResponse, type ProbeTally } from "@perennial/contracts";
import { firstOutput } from "@perennial/fleet";

/** What the endpoint said to one probe. */
export type ProbeAnswer =
  | { kind: "answered"; body: string }
  /** An error of the model's container. */
  | { kind: "error"; status: number; body: string }
  /** No answer of a container. */
  | { kind: "none"; reason: string };

/** Longest reason that is handed on: a state of the workflow holds it. */
const LONGEST = 300;

/** Adds an answer to what was found so far. */
export function addAnswer(tally: ProbeTally, answer: ProbeAnswer): ProbeTally {
  const sent = tally.sent + 1;
  const failed = (failure: string): ProbeTally => ({
    ...tally,
    sent,
    failed: tally.failed + 1,
    failure: failure.slice(0, LONGEST),
  });
  switch (answer.kind) {
    case "none":
      return failed(answer.reason);
    case "error": {
      const refusal = EndpointRefusal.safeParse(json(answer.body));
      if (answer.status >= 500 || !refusal.success) return failed(`status ${answer.status}: ${answer.body}`);
      return { ...tally, sent, versions: add(tally, refusal.data.model.version, { refused: 1 }) };
    }
    case "answered": {
      const response = EndpointResponse.safeParse(json(answer.body));
      if (!response.success) return failed(`an answer that is none: ${answer.body}`);
      const [prediction] = response.data.predictions;
      if (prediction === undefined) return failed("an answer without a prediction");
      const value = firstOutput(prediction, response.data.task);
      const more = { answered: 1, sum: value, squares: value * value };
      return { ...tally, sent, versions: add(tally, response.data.model.version, more) };
    }
  }
}

type OfVersion = ProbeTally["versions"][string];

function add({ versions }: ProbeTally, version: number, more: Partial<OfVersion>): ProbeTally["versions"] {
  const before = versions[version] ?? { answered: 0, refused: 0, sum: 0, squares: 0 };
  const { answered = 0, refused = 0, sum = 0, squares = 0 } = more;
  return {
    ...versions,
    [version]: {
      answered: before.answered + answered,
      refused: before.refused + refused,
      sum: before.sum + sum,
      squares: before.squares + squares,
    },
  };
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
