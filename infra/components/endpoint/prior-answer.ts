import type { ManifestTask, Task } from "@perennial/contracts";

/** What is answered where nothing was learnt yet. */
export interface PriorAnswer {
  task: ManifestTask;
  /** A value for each output column. */
  values: number[];
  /** Smallest and largest value that each output column may have. */
  ranges: { min: number; max: number }[];
  /** The same for a person. */
  words: string;
}

const PROBABILITY = { min: 0, max: 1 };

/** The answer that a task's spec gives for every record: class prior, class shares, or median with interval. */
export function priorAnswer(task: Task): PriorAnswer {
  switch (task.kind) {
    case "binary": {
      const { kind, outcome, prior } = task;
      return {
        // One answer for everybody tells nobody apart: it flags no one.
        task: { kind, outcome, threshold: 1, prevalence: prior },
        values: [prior],
        ranges: [PROBABILITY],
        words: `"${outcome}" with probability ${prior}`,
      };
    }
    case "multiclass": {
      const { kind, classes } = task;
      return {
        task: { kind, classes: classes.map(({ name, prior }) => ({ name, share: prior })) },
        values: classes.map(({ prior }) => prior),
        ranges: classes.map(() => PROBABILITY),
        words: classes.map(({ name, prior }) => `"${name}" with probability ${prior}`).join(", "),
      };
    }
    case "regression": {
      const { kind, unit, min, max, coverage, prior } = task;
      const { median, lower, upper } = prior;
      return {
        task: { kind, unit, min, max, coverage, median },
        values: [median, lower, upper],
        ranges: [1, 2, 3].map(() => ({ min, max })),
        words: `${median} ${unit}, between ${lower} and ${upper}`,
      };
    }
  }
}
