"""What fits models: each algorithm behind one interface, loaded when a spec names it."""

from importlib import import_module

from perennial_tabular.algorithm import AlgorithmKind
from perennial_tabular.learners.learner import Learner

# Module and class of each. Loaded late: a library takes up to a second, and LightGBM needs the system's
# OpenMP.
LEARNERS: dict[AlgorithmKind, tuple[str, str]] = {
    "xgboost": ("xgboost_learner", "XGBoostLearner"),
    "lightgbm": ("lightgbm_learner", "LightGBMLearner"),
    "randomForest": ("forest_learner", "ForestLearner"),
    "linear": ("linear_learner", "LinearLearner"),
}


def learner_of(kind: AlgorithmKind) -> Learner:
    """The learner that fits algorithms of `kind`."""
    module, name = LEARNERS[kind]
    learner: Learner = getattr(import_module(f"perennial_tabular.learners.{module}"), name)()
    return learner
