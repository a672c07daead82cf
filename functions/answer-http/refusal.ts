import type { Problem, ProblemKind } from "@perennial/http-api";

/** A request isn't answered; the caller hears why. */
export class Refusal extends Error {
  readonly kind: ProblemKind;
  readonly more: Pick<Problem, "faults" | "model">;
  /** Headers of the answer, such as how long to wait. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    kind: ProblemKind,
    detail: string,
    {
      more = {},
      headers = {},
      cause,
    }: { more?: Refusal["more"]; headers?: Refusal["headers"]; cause?: unknown } = {},
  ) {
    super(detail, { cause });
    this.name = "Refusal";
    this.kind = kind;
    this.more = more;
    this.headers = headers;
  }
}
