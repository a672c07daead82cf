import type { Dimension, WorkloadSpec } from "@perennial/contracts";
import type { Filling } from "../components/workflow/definition.ts";

/** Trials under way at once. More would leave a Bayesian search less to learn from. */
const AT_ONCE = 4;

/** SageMaker's least limit on the time of a tuning job. */
const SHORTEST_SECONDS = 120;

/** Metric that every training logs in each round; less is better, whatever the task. */
const OBJECTIVE = { Type: "Minimize", MetricName: "validation:objective" };

/** Names under which the algorithms count their rounds: what Hyperband hands out. */
const ROUNDS = ["num_round", "num_iterations", "n_estimators", "max_iter"];

/**
 * `HyperParameterTuningJobConfig` of a workload: its first algorithm's search space, searched as its spec says. Where
 * nothing is searched, one trial of nothing: a state machine's definition must be whole, also where it never goes.
 *
 * @param jobSeconds longest that the tuning job may take.
 * @throws where the search asks for more time than that, or Hyperband for what the algorithm doesn't have.
 */
export function tuningJobConfig({ name, search, algorithms }: WorkloadSpec, jobSeconds: number): Filling {
  if (search?.engine !== "tuning-job") {
    return {
      Strategy: "Random",
      HyperParameterTuningJobObjective: OBJECTIVE,
      ResourceLimits: { MaxNumberOfTrainingJobs: 1, MaxParallelTrainingJobs: 1 },
      ParameterRanges: {},
    };
  }
  const seconds = Math.floor(search.minutes * 60);
  if (seconds < SHORTEST_SECONDS || seconds > jobSeconds) {
    throw new Error(
      `workload "${name}": search.minutes is ${search.minutes}, expected ${SHORTEST_SECONDS / 60} to ` +
        `${Math.floor(jobSeconds / 60)} for a tuning job. Raise retraining.timeoutMinutes to search for longer.`,
    );
  }
  return {
    ...strategy(name, search, algorithms[0]),
    HyperParameterTuningJobObjective: OBJECTIVE,
    ResourceLimits: {
      MaxNumberOfTrainingJobs: search.trials,
      MaxParallelTrainingJobs: Math.min(AT_ONCE, search.trials),
      MaxRuntimeInSeconds: seconds,
    },
    ParameterRanges: ranges(algorithms[0]?.space ?? {}),
    RandomSeed: search.seed,
  };
}

function strategy(
  name: string,
  { strategy, pruning }: NonNullable<WorkloadSpec["search"]>,
  algorithm: WorkloadSpec["algorithms"][number] | undefined,
): { [key: string]: Filling } {
  if (strategy === "bayesian") return { Strategy: "Bayesian", TrainingJobEarlyStoppingType: "Auto" };
  const hyperparameters: Record<string, number> = algorithm?.hyperparameters ?? {};
  const MaxResource = ROUNDS.flatMap((round) => hyperparameters[round] ?? []).at(0);
  if (MaxResource === undefined) {
    throw new Error(
      `workload "${name}": search.strategy is "hyperband" and ${algorithm?.kind} has no rounds to hand out; ` +
        `expected an algorithm that has, or the strategy "bayesian".`,
    );
  }
  return {
    Strategy: "Hyperband",
    // It stops trials by itself, and SageMaker takes no other way of stopping beside it.
    TrainingJobEarlyStoppingType: "Off",
    StrategyConfig: { HyperbandStrategyConfig: { MinResource: pruning?.minRounds ?? 1, MaxResource } },
  };
}

/** A search space in SageMaker's words; its values are texts. */
function ranges(space: Record<string, Dimension>): Filling {
  const of = <Kind extends Dimension["type"]>(kind: Kind) =>
    Object.entries(space).flatMap(([Name, dimension]) =>
      dimension.type === kind ? [{ Name, dimension: dimension as Extract<Dimension, { type: Kind }> }] : [],
    );
  const numeric = (kind: "int" | "float") =>
    of(kind).map(({ Name, dimension: { min, max, log } }) => ({
      Name,
      MinValue: String(min),
      MaxValue: String(max),
      ScalingType: log ? "Logarithmic" : "Linear",
    }));
  return {
    IntegerParameterRanges: numeric("int"),
    ContinuousParameterRanges: numeric("float"),
    CategoricalParameterRanges: of("choice").map(({ Name, dimension: { values } }) => ({
      Name,
      Values: values.map(String),
    })),
  };
}
