import type { Strategy, Task } from "@perennial/contracts";
import { count, type Findings, short } from "@perennial/fleet";
import {
  type Arm,
  Experiment,
  type ExperimentTerms,
  type Finding,
  lossOf,
  outcomesNeeded,
  priorLossVariance,
  worstLossOf,
} from "@perennial/statistics";
import { z } from "zod";
import { addBounded } from "./bounded-map.ts";
import type { CapturedAnswer } from "./captured-answers.ts";
import type { Label } from "./label-lines.ts";
import { perArm } from "./per-arm.ts";

const whole = z.int().min(0);
const Sequence = z.strictObject({
  count: whole,
  sum: z.number(),
  squares: z.number(),
  bets: z.number(),
  weighted: z.number(),
  cost: z.number(),
  lower: z.number(),
  upper: z.number(),
});

const Counts = z.strictObject({
  /** Requests that a model answered. */
  answered: perArm(whole),
  /** Answers that no label can be joined to: without an inference id, of several records, under an id that was used before. */
  unnamed: whole,
  severalRecords: whole,
  repeatedIds: whole,
  /** Labels that were read; of them those for an answer that has one already, and those that no outcome of the task is. */
  labels: whole,
  repeatedLabels: whole,
  impossibleLabels: whole,
  /** Answers and labels that waited for each other in vain, because there were too many of them. */
  forgotten: whole,
});

/** What is known of an experiment: two sequences, and what waits for its other half. */
export const ExperimentState = z.strictObject({
  counts: Counts,
  sequences: perArm(Sequence).nullable(),
  /** Answers without a label. */
  waiting: z.array(z.tuple([z.string(), z.enum(["champion", "challenger"]), z.array(z.number())])),
  /** Labels without an answer: made before the experiment, or read before their answer was. */
  early: z.array(z.tuple([z.string(), z.number()])),
  /** Inference ids of the latest outcomes, to know a repeated label by. */
  joined: z.array(z.string()),
});
export type ExperimentState = z.output<typeof ExperimentState>;

const NOTHING_OBSERVED: ExperimentState = {
  counts: {
    answered: { champion: 0, challenger: 0 },
    unnamed: 0,
    severalRecords: 0,
    repeatedIds: 0,
    labels: 0,
    repeatedLabels: 0,
    impossibleLabels: 0,
    forgotten: 0,
  },
  sequences: null,
  waiting: [],
  early: [],
  joined: [],
};

/** What is kept at most of each sort; beyond it the oldest goes. */
const MOST_WAITING = 200_000;
const MOST_EARLY = 50_000;
const MOST_JOINED = 50_000;
/** Outcomes after which their own losses say how many more are needed. */
const TELLING_OUTCOMES = 100;

type Terms = Extract<Strategy, { kind: "experiment" }>;

/** Two models that share the requests, compared by what came true: answers and late labels, joined by inference id. */
export class Observation {
  private readonly task: Task;
  private readonly strategy: Terms;
  private readonly terms: ExperimentTerms;
  private readonly experiment: Experiment;
  private readonly counts: z.output<typeof Counts>;
  private readonly waiting: Map<string, readonly [Arm, number[]]>;
  private readonly early: Map<string, number>;
  private readonly joined: Map<string, true>;

  constructor(task: Task, strategy: Terms, state: ExperimentState = NOTHING_OBSERVED) {
    const { alpha, worthwhileGain } = strategy;
    this.task = task;
    this.strategy = strategy;
    this.terms = { alpha, worthwhileGain, worstLoss: worstLossOf(task) };
    this.experiment = new Experiment(this.terms, state.sequences ?? undefined);
    this.counts = structuredClone(state.counts);
    this.waiting = new Map(state.waiting.map(([id, arm, outputs]) => [id, [arm, outputs]]));
    this.early = new Map(state.early);
    this.joined = new Map(state.joined.map((id) => [id, true]));
  }

  /** To be kept, and gone on with later. */
  get kept(): ExperimentState {
    return {
      counts: this.counts,
      sequences: this.experiment.state,
      waiting: [...this.waiting].map(([id, [arm, outputs]]) => [id, arm, outputs]),
      early: [...this.early],
      joined: [...this.joined.keys()],
    };
  }

  addAnswer(arm: Arm, { inferenceId, predictions }: CapturedAnswer): void {
    this.counts.answered[arm] += 1;
    const [outputs] = predictions;
    if (inferenceId === null) this.counts.unnamed += 1;
    else if (outputs === undefined || predictions.length > 1) this.counts.severalRecords += 1;
    else if (this.waiting.has(inferenceId) || this.joined.has(inferenceId)) this.counts.repeatedIds += 1;
    else {
      const label = this.early.get(inferenceId);
      if (label === undefined) {
        this.counts.forgotten += addBounded(this.waiting, inferenceId, [arm, outputs], MOST_WAITING);
      } else {
        this.early.delete(inferenceId);
        this.join(arm, outputs, { inferenceId, outcome: label });
      }
    }
  }

  /** The first label of an answer counts: a later one might know how the first was received. */
  addLabel(label: Label): void {
    const { inferenceId, outcome } = label;
    this.counts.labels += 1;
    const answer = this.waiting.get(inferenceId);
    if (answer !== undefined) {
      this.waiting.delete(inferenceId);
      this.join(...answer, label);
    } else if (this.joined.has(inferenceId) || this.early.has(inferenceId)) {
      this.counts.repeatedLabels += 1;
    } else {
      this.counts.forgotten += addBounded(this.early, inferenceId, outcome, MOST_EARLY);
    }
  }

  /** What the outcomes say so far, in words, and what is missing for a verdict. */
  judge(versions: Record<Arm, number>, { against, missing, found }: Findings): void {
    const finding = this.experiment.finding();
    const { verdict, counts, losses, gain, estimate } = finding;
    const outcomes = counts.champion + counts.challenger;
    for (const arm of ["champion", "challenger"] as const) {
      const loss = counts[arm] === 0 ? "" : `, mean loss ${short(losses[arm])}`;
      found.push(
        `version ${versions[arm]} answered ${count(this.counts.answered[arm], "request")}, ` +
          `${count(counts[arm], "outcome")} known${loss}`,
      );
    }
    const confidence = `${short(100 * gain.confidence)} %`;
    if (Math.min(counts.champion, counts.challenger) > 0) {
      found.push(
        `gain ${short(estimate)}, from ${short(gain.lower)} to ${short(gain.upper)} with ${confidence} confidence however ` +
          "often one looks",
      );
    }
    found.push(...this.unjoined());
    if (verdict === "harmful") {
      against.push(
        `version ${versions.challenger} predicts worse than version ${versions.champion}: its mean loss is higher by at least ` +
          short(-gain.upper),
      );
    }
    if (verdict === "futile") {
      against.push(
        `version ${versions.challenger} gains less than the ${short(this.terms.worthwhileGain)} that would be worth it: at ` +
          `most ${short(gain.upper)}`,
      );
    }
    if (verdict === "open") {
      missing.push(...this.absences(versions, counts), this.outlook(finding, outcomes));
    }
  }

  private join(arm: Arm, outputs: readonly number[], { inferenceId, outcome }: Label): void {
    addBounded(this.joined, inferenceId, true, MOST_JOINED);
    let loss: number;
    try {
      loss = lossOf(this.task, outputs, outcome);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.counts.impossibleLabels += 1;
      return;
    }
    this.experiment.add(arm, loss);
  }

  /** What keeps an experiment from ever ending. */
  private absences(versions: Record<Arm, number>, outcomes: Record<Arm, number>): string[] {
    const { answered, labels } = this.counts;
    const silent = (["champion", "challenger"] as const).filter((arm) => answered[arm] === 0);
    if (silent.length > 0) {
      return silent.map((arm) => `version ${versions[arm]} answered nobody`);
    }
    if (labels === 0) return ["no label came"];
    const isNoneJoined = outcomes.champion + outcomes.challenger === 0;
    return isNoneJoined ? [`none of ${count(labels, "label")} is about an answer of this experiment`] : [];
  }

  private outlook({ lossVariance }: Finding, outcomes: number): string {
    const variance = outcomes < TELLING_OUTCOMES ? priorLossVariance(this.task) : lossVariance;
    const needed = outcomesNeeded(this.terms, variance, this.strategy.share);
    const many = needed === null ? "more than ten million" : `about ${twoDigits(needed)}`;
    return `${count(outcomes, "outcome")} of ${many} that a gain of ${short(this.terms.worthwhileGain)} takes to show`;
  }

  private unjoined(): string[] {
    const { unnamed, severalRecords, repeatedIds, repeatedLabels, impossibleLabels, forgotten } = this.counts;
    const sorts: [many: number, one: string, several: string][] = [
      [this.early.size, "label of an unknown inference id", "labels of unknown inference ids"],
      [repeatedLabels, "label after the first of an answer", "labels after the first of an answer"],
      [impossibleLabels, "label that is no outcome of the task", "labels that are no outcome of the task"],
      [unnamed, "answer without an inference id", "answers without an inference id"],
      [severalRecords, "answer to several records at once", "answers to several records at once"],
      [repeatedIds, "answer under an inference id used before", "answers under inference ids used before"],
      [forgotten, "answer or label given up", "answers or labels given up"],
    ];
    const told = sorts.filter(([many]) => many > 0);
    if (told.length === 0) return [];
    return [
      `not counted: ${told.map(([many, one, several]) => `${many} ${many === 1 ? one : several}`).join(", ")}`,
    ];
  }
}

/** An estimate is no count. */
const twoDigits = (value: number): string => String(Number(value.toPrecision(2)));
