import type { Model } from "@perennial/scoring";

/** Whether there is a model to answer with: what `/ping` says, and nothing kinder. */
export class Readiness {
  #model: Model | undefined;
  #reason: string | undefined = "the model is being loaded";

  /** Why no more requests should come; undefined where they are welcome. */
  get reason(): string | undefined {
    return this.#reason;
  }

  get model(): Model | undefined {
    return this.#model;
  }

  succeed(model: Model): void {
    this.#model = model;
    this.#reason = undefined;
  }

  /** From now on the container says that it can't answer, so that the platform replaces it. */
  fail(reason: string): void {
    this.#model = undefined;
    this.#reason = reason;
  }

  /** No more requests should come; those under way are still answered. */
  drain(): void {
    this.#reason = "the container is stopping";
  }
}
