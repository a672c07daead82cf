"""Settings of every algorithm that are quick on the small workload."""

from typing import Any

HYPERPARAMETERS: dict[str, dict[str, float]] = {
    "xgboost": {
        "num_round": 40,
        "early_stopping_rounds": 20,
        "max_depth": 3,
        "eta": 0.1,
        "min_child_weight": 1,
        "subsample": 0.8,
        "colsample_bytree": 0.8,
        "reg_lambda": 1,
        "reg_alpha": 0,
        "gamma": 0,
        "max_bin": 64,
        "seed": 7,
    },
    "lightgbm": {
        "num_iterations": 40,
        "early_stopping_round": 20,
        "num_leaves": 8,
        "max_depth": 4,
        "learning_rate": 0.1,
        "min_data_in_leaf": 10,
        "bagging_fraction": 0.8,
        "feature_fraction": 0.8,
        "lambda_l1": 0,
        "lambda_l2": 1,
        "max_bin": 64,
        "seed": 7,
    },
    "randomForest": {
        "n_estimators": 20,
        "max_depth": 5,
        "min_samples_split": 2,
        "min_samples_leaf": 3,
        "max_features": 0.5,
        "seed": 7,
    },
    "linear": {"alpha": 1.0, "max_iter": 1000, "seed": 7},
}


def algorithm(kind: str, **space: dict[str, Any]) -> dict[str, Any]:
    """The algorithm as a spec holds it."""
    return {"kind": kind, "hyperparameters": dict(HYPERPARAMETERS[kind]), "space": space}
