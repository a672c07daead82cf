import { z } from "zod";

const seed = z
  .int()
  .min(0)
  .max(2 ** 31 - 1);
const share = z.number().gt(0).max(1);
const rounds = z.int().min(1).max(5000);
const patience = z.int().min(1).max(500);
const rate = z.number().gt(0).max(1);
const penalty = z.number().min(0).max(1000);
const bins = z.int().min(16).max(1024);

/** By the names of each library's own parameters; `kind` says which library fits. */
export const HYPERPARAMETERS = {
  /** XGBoost (https://xgboost.readthedocs.io/en/stable/parameter.html). */
  xgboost: z.strictObject({
    num_round: rounds,
    early_stopping_rounds: patience,
    max_depth: z.int().min(1).max(12),
    eta: rate,
    min_child_weight: penalty,
    subsample: share,
    colsample_bytree: share,
    reg_lambda: penalty,
    reg_alpha: penalty,
    gamma: z.number().min(0).max(100),
    max_bin: bins,
    seed,
  }),
  /** LightGBM (https://lightgbm.readthedocs.io/en/stable/Parameters.html). */
  lightgbm: z.strictObject({
    num_iterations: rounds,
    early_stopping_round: patience,
    num_leaves: z.int().min(2).max(4096),
    max_depth: z.int().min(1).max(16),
    learning_rate: rate,
    min_data_in_leaf: z.int().min(1).max(100_000),
    bagging_fraction: share,
    feature_fraction: share,
    lambda_l1: penalty,
    lambda_l2: penalty,
    max_bin: bins,
    seed,
  }),
  /** scikit-learn's RandomForestClassifier and RandomForestRegressor. */
  randomForest: z.strictObject({
    n_estimators: z.int().min(1).max(1000),
    // Without a limit a forest takes 95 MB where twelve levels, as good, take 13.
    max_depth: z.int().min(1).max(16),
    min_samples_split: z.int().min(2).max(10_000),
    min_samples_leaf: z.int().min(1).max(10_000),
    /** Share of the features that a split looks at. */
    max_features: share,
    seed,
  }),
  /** scikit-learn's LogisticRegression for classes, with C = 1 / alpha; Ridge for quantities. */
  linear: z.strictObject({
    alpha: z.number().min(1e-6).max(1e6),
    max_iter: z.int().min(10).max(100_000),
    seed,
  }),
} as const;
export type AlgorithmKind = keyof typeof HYPERPARAMETERS;

/** Values that a search tries of one hyperparameter. */
export const Dimension = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.enum(["int", "float"]),
    min: z.number(),
    max: z.number(),
    /** Whether the logarithm is spread evenly, as suits rates and penalties. */
    log: z.boolean().default(false),
  }),
  z.strictObject({ type: z.literal("choice"), values: z.array(z.number()).min(2) }),
]);
export type Dimension = z.output<typeof Dimension>;

const Space = z.record(z.string(), Dimension).default({});

function algorithm<Kind extends AlgorithmKind>(kind: Kind) {
  return z.strictObject({ kind: z.literal(kind), hyperparameters: HYPERPARAMETERS[kind], space: Space });
}

/** What fits the model: its hyperparameters, and where a search looks for better ones. */
export const Algorithm = z.discriminatedUnion("kind", [
  algorithm("xgboost"),
  algorithm("lightgbm"),
  algorithm("randomForest"),
  algorithm("linear"),
]);
export type Algorithm = z.output<typeof Algorithm>;

/** How hyperparameters are searched. Trials are judged on rows of their own: folds, or the validation part. */
export const Search = z.strictObject({
  /** Whether every retraining searches, or the ones that are asked to. */
  run: z.enum(["always", "on-request"]).default("on-request"),
  /** Inside the training job (Optuna), or as a SageMaker tuning job with a training job for each trial. */
  engine: z.enum(["job", "tuning-job"]).default("job"),
  strategy: z.enum(["bayesian", "hyperband"]).default("bayesian"),
  trials: z.int().min(1).max(750),
  /** Longest that the search may take, minutes. It ends with the best found so far. */
  minutes: z.number().gt(0).max(1440),
  /** Folds of the training rows, by group, over which a trial is judged; 0: on the validation part. */
  folds: z.int().min(0).max(10),
  /** Successive halving (Jamieson and Talwalkar 2016, as in Optuna's SuccessiveHalvingPruner); null: no trial is stopped. */
  pruning: z.strictObject({ minRounds: z.int().min(1), reductionFactor: z.int().min(2).max(10) }).nullable(),
  seed,
});
export type Search = z.output<typeof Search>;

/** A hyperparameter that stands in a search space and can't: its name, and why. */
export function spaceFaults({
  kind,
  space,
}: Pick<Algorithm, "kind" | "space">): { name: string; message: string }[] {
  const domain: Record<string, z.ZodType> = HYPERPARAMETERS[kind].shape;
  return Object.entries(space).flatMap(([name, dimension]) => {
    const schema = domain[name];
    if (schema === undefined || name === "seed") {
      const known = Object.keys(domain).filter((other) => other !== "seed");
      return [
        { name, message: `not a hyperparameter of ${kind} to search; expected one of ${known.join(", ")}` },
      ];
    }
    if (dimension.type !== "choice" && !(dimension.min < dimension.max)) {
      return [{ name, message: `max must be above min (${dimension.min})` }];
    }
    if (dimension.type !== "choice" && dimension.log && !(dimension.min > 0)) {
      return [{ name, message: `min must be above 0 where the logarithm is searched` }];
    }
    const values = dimension.type === "choice" ? dimension.values : [dimension.min, dimension.max];
    return values.flatMap((value) => {
      const result = schema.safeParse(value);
      return result.success
        ? []
        : [
            {
              name,
              message: `${value} lies outside ${kind}'s domain: ${result.error.issues[0]?.message ?? ""}`,
            },
          ];
    });
  });
}
