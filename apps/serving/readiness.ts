import type { StateReader } from "@perennial/online";
import { JointPredictor, type Model } from "@perennial/scoring";

/** Whether there is a model to answer with: what `/ping` says, and nothing kinder. */
export class Readiness {
  #model: Model | undefined;
  #predictor: JointPredictor | undefined;
  #states: StateReader | undefined;
  #reason: string | undefined = "the model is being loaded";

  /** Why no more requests should come; undefined where they are welcome. */
  get reason(): string | undefined {
    return this.#reason;
  }

  get model(): Model | undefined {
    return this.#model;
  }

  /** What predicts by the model; undefined where there is none. */
  get predictor(): JointPredictor | undefined {
    return this.#predictor;
  }

  /** Where the model's lookups are read; undefined where nothing can be looked up. */
  get states(): StateReader | undefined {
    return this.#states;
  }

  succeed(model: Model, states?: StateReader): void {
    this.#model = model;
    this.#predictor = new JointPredictor(model);
    this.#states = states;
    this.#reason = undefined;
  }

  /** From now on the container says that it can't answer, so that the platform replaces it. */
  fail(reason: string): void {
    this.#model = undefined;
    this.#predictor = undefined;
    this.#reason = reason;
  }

  /** No more requests should come; those under way are still answered. */
  drain(): void {
    this.#reason = "the container is stopping";
  }
}
