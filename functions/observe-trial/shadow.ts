import type { Guards, Strategy, Task } from "@perennial/contracts";
import { count, type Findings, Moments, percent, shifted, short } from "@perennial/fleet";
import { type Arm, worstLossOf } from "@perennial/statistics";
import { z } from "zod";
import { addBounded } from "./bounded-map.ts";
import type { CapturedAnswer } from "./captured-answers.ts";
import { perArm } from "./per-arm.ts";

const Sums = z.strictObject({ count: z.int().min(0), sum: z.number(), squares: z.number() });
type Sums = z.output<typeof Sums>;
const Outputs = z.array(z.array(z.number()));

/** Steps that differences are counted in, of the widest that there can be. */
const STEPS = 1000;

/** What is known of a shadow: sums, and answers to which the other model's is still to come. */
export const ShadowState = z.strictObject({
  /** Requests that a model answered, and moments of the first outputs. */
  answered: perArm(z.int().min(0)),
  outputs: perArm(Sums),
  /** The same of records that both answered. */
  paired: perArm(Sums),
  /** Of those, records that both decide differently. */
  decidedDifferently: z.int().min(0),
  /** Records by the distance of the first outputs, in steps. */
  distances: z.array(z.tuple([z.int().min(0), z.int().positive()])),
  waiting: perArm(z.array(z.tuple([z.string(), Outputs]))),
});
export type ShadowState = z.output<typeof ShadowState>;

const NO_SUMS: Sums = { count: 0, sum: 0, squares: 0 };
export const NOTHING_SHADOWED: ShadowState = {
  answered: { champion: 0, challenger: 0 },
  outputs: { champion: NO_SUMS, challenger: NO_SUMS },
  paired: { champion: NO_SUMS, challenger: NO_SUMS },
  decidedDifferently: 0,
  distances: [],
  waiting: { champion: [], challenger: [] },
};

/** Answers that wait for the other model's: most of the champion's are of requests that weren't copied. */
const MOST_WAITING = 50_000;
/** Least answers of a model that its predictions are compared by. */
const COMPARABLE_ANSWERS = 20;

/** A challenger that gets copies: what it answers beside what the champion answers to the same requests. */
export class Shadow {
  private readonly task: Task;
  private readonly state: ShadowState;
  private readonly distances: Map<number, number>;
  private readonly waiting: Record<Arm, Map<string, number[][]>>;

  constructor(task: Task, state: ShadowState = NOTHING_SHADOWED) {
    this.task = task;
    this.state = structuredClone(state);
    this.distances = new Map(state.distances);
    this.waiting = {
      champion: new Map(state.waiting.champion),
      challenger: new Map(state.waiting.challenger),
    };
  }

  /** To be kept, and gone on with later. */
  get kept(): ShadowState {
    return {
      ...this.state,
      distances: [...this.distances],
      waiting: { champion: [...this.waiting.champion], challenger: [...this.waiting.challenger] },
    };
  }

  add(arm: Arm, { inferenceId, predictions }: CapturedAnswer): void {
    this.state.answered[arm] += 1;
    for (const outputs of predictions) this.sumUp("outputs", arm, outputs);
    if (inferenceId === null) return;
    const other: Arm = arm === "champion" ? "challenger" : "champion";
    const answer = this.waiting[other].get(inferenceId);
    if (answer === undefined || answer.length !== predictions.length) {
      addBounded(this.waiting[arm], inferenceId, predictions, MOST_WAITING);
      return;
    }
    this.waiting[other].delete(inferenceId);
    for (const [record, outputs] of predictions.entries()) {
      this.compare(arm, outputs, other, answer[record] ?? []);
    }
  }

  /** What speaks for and against promoting the challenger now. */
  judge(
    { requests }: Extract<Strategy, { kind: "shadow" }>,
    { meanShift }: Guards,
    versions: Record<Arm, number>,
    { against, missing, found }: Findings,
  ): void {
    const { answered, paired, outputs, decidedDifferently } = this.state;
    const copies = `${answered.challenger} of ${requests} copied requests`;
    found.push(`version ${versions.challenger} answered ${copies}`);
    if (answered.challenger < requests)
      missing.push(`${copies} were answered by version ${versions.challenger}`);
    const enough = Math.min(COMPARABLE_ANSWERS, requests);
    const areSame = paired.challenger.count >= enough;
    const { champion, challenger } = areSame ? paired : outputs;
    if (Math.min(champion.count, challenger.count) < enough) {
      missing.push(`${challenger.count} of at least ${enough} answers can be compared`);
      return;
    }
    if (areSame) {
      found.push(
        `of ${count(paired.challenger.count, "record")} that both answered ${percent(decidedDifferently / paired.challenger.count)} ` +
          `are decided differently; predictions differ by ${short(this.distanceAt(0.5))} in half of them, at most by ` +
          `${short(this.distanceAt(0.95))} in 95 %`,
      );
    } else {
      found.push("no answers were compared one by one: callers gave no inference ids");
    }
    const [now, before] = [momentsOf(challenger), momentsOf(champion)];
    found.push(`mean prediction ${short(now.mean)} (${short(before.mean)} of version ${versions.champion})`);
    // As in every rollout: a champion that answers alike has no spread to measure a shift by.
    if (before.isConstant) return;
    if (now.isConstant) against.push(`it answers every record alike (${short(now.mean)})`);
    // Copies of the very same requests leave nothing to chance.
    const shift = now.shiftFrom(before) - (areSame ? 0 : now.noiseAgainst(before));
    if (shift > meanShift) against.push(shifted("callers", now, before, shift, meanShift));
  }

  private compare(arm: Arm, own: readonly number[], other: Arm, others: readonly number[]): void {
    this.sumUp("paired", arm, own);
    this.sumUp("paired", other, others);
    const [champion, challenger] = arm === "champion" ? [own, others] : [others, own];
    if (isDecidedDifferently(this.task, champion, challenger)) this.state.decidedDifferently += 1;
    const distance = Math.abs((champion[0] ?? 0) - (challenger[0] ?? 0)) / worstLossOf(this.task);
    // What float32 adds to a distance is no step.
    const step = Math.min(STEPS, Math.ceil(distance * STEPS - 1e-3));
    this.distances.set(step, (this.distances.get(step) ?? 0) + 1);
  }

  private sumUp(of: "outputs" | "paired", arm: Arm, [first = 0]: readonly number[]): void {
    const sums = this.state[of][arm];
    this.state[of][arm] = {
      count: sums.count + 1,
      sum: sums.sum + first,
      squares: sums.squares + first ** 2,
    };
  }

  /** Distance that a share of the records doesn't exceed. */
  private distanceAt(share: number): number {
    let left = share * this.state.paired.challenger.count;
    for (const [step, records] of [...this.distances].sort(([one], [other]) => one - other)) {
      left -= records;
      if (left <= 0) return (step / STEPS) * worstLossOf(this.task);
    }
    return Number.NaN;
  }
}

/** Whether both models lead to different acts: another flag, another class, an estimate outside of the other's interval. */
function isDecidedDifferently(
  { kind }: Task,
  champion: readonly number[],
  challenger: readonly number[],
): boolean {
  switch (kind) {
    case "binary":
      return champion[1] !== challenger[1];
    case "multiclass":
      return likeliest(champion) !== likeliest(challenger);
    case "regression": {
      const [, lower = 0, upper = 0] = champion;
      const [estimate = Number.NaN] = challenger;
      return !(estimate >= lower && estimate <= upper);
    }
  }
}

const likeliest = (probabilities: readonly number[]): number =>
  probabilities.indexOf(Math.max(...probabilities));
const momentsOf = ({ count: many, sum, squares }: Sums): Moments => new Moments(many, sum, squares);
