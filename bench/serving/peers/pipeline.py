"""
What a data scientist would serve: a scikit-learn pipeline over a data frame, with the very trees and
calibrator of the artifact at its end. One transformer for each kind of feature, over all its columns at once.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xgboost
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder
from workload import Trained

Features = Sequence[dict[str, Any]]
Matrix = npt.NDArray[np.float32]


class CalibratedTrees(ClassifierMixin, BaseEstimator):  # type: ignore[misc] # scikit-learn has no types
    """Boosted trees whose margin a Platt calibrator turns into a probability."""

    def __init__(self, booster: xgboost.Booster, slope: float, intercept: float) -> None:
        self.booster = booster
        self.slope = slope
        self.intercept = intercept
        self.classes_ = np.array([0, 1])

    def fit(self, *_: object) -> "CalibratedTrees":
        """Nothing: the trees are grown."""
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def predict_proba(self, features: Matrix) -> Matrix:
        """Probabilities of both classes."""
        margin = self.booster.inplace_predict(features, predict_type="margin")
        positive = 1 / (1 + np.exp(-(self.slope * margin + self.intercept)))
        return np.column_stack([1 - positive, positive]).astype(np.float32)


def frame_of(records: Sequence[dict[str, Any]], inputs: dict[str, bool]) -> pd.DataFrame:
    """Raw records as the pipeline reads them: missing texts are empty, missing numbers NaN."""
    columns: dict[str, Any] = {}
    for name, is_text in inputs.items():
        values = [record.get(name) for record in records]
        if is_text:
            columns[name] = ["" if value is None or value == "?" else value for value in values]
        else:
            columns[name] = np.array([np.nan if value is None else value for value in values], np.float32)
    return pd.DataFrame(columns)


def pipeline_of(trained: Trained, sample: Sequence[dict[str, Any]]) -> Pipeline:
    """The pipeline; `sample` is what its encoders are fitted on, their categories come from the spec."""
    features = trained.spec["features"]
    columns = ColumnTransformer(list(_transformers(features)), remainder="drop", n_jobs=None)
    names = [name for _, made in _names(features) for name in made]
    order = [names.index(name) for name in trained.features]
    reorder = FunctionTransformer(lambda matrix: matrix[:, order].astype(np.float32), validate=False)
    columns.fit(frame_of(sample, trained.inputs))
    trees = CalibratedTrees(trained.booster, trained.slope, trained.intercept)
    return Pipeline([("features", columns), ("order", reorder), ("trees", trees)])


def _kind(features: Features, *kinds: str) -> list[dict[str, Any]]:
    return [feature for feature in features if feature["kind"] in kinds]


def _transformers(features: Features) -> list[tuple[str, Any, list[str]]]:
    one_hot, orders = _kind(features, "oneHot"), _kind(features, "ordinal")
    codes = _kind(features, "codeGroup")
    members, counts = _kind(features, "indicator", "missing"), _kind(features, "count")
    sums, products = _kind(features, "sum"), _kind(features, "product")
    levels = OneHotEncoder(
        categories=[feature["levels"] for feature in one_hot],
        handle_unknown="ignore",
        sparse_output=False,
        dtype=np.float32,
    )
    ranks = OrdinalEncoder(
        categories=[feature["order"] for feature in orders],
        handle_unknown="use_encoded_value",
        unknown_value=np.nan,
        dtype=np.float32,
    )
    groups = [[group["name"] for group in feature["groups"]] + [feature["other"]] for feature in codes]
    chapters = OneHotEncoder(
        categories=groups, handle_unknown="ignore", sparse_output=False, dtype=np.float32
    )
    made: list[tuple[str, Any, list[str]]] = [
        ("levels", levels, [feature["column"] for feature in one_hot]),
        ("ranks", ranks, [feature["column"] for feature in orders]),
        ("codes", make_pipeline(_grouping(codes), chapters), [feature["column"] for feature in codes]),
        ("members", _members(members), sorted({feature["column"] for feature in members})),
        ("counts", _counts(counts), sorted({column for feature in counts for column in feature["columns"]})),
        ("numbers", "passthrough", [feature["column"] for feature in _kind(features, "number")]),
        ("sums", _sums(sums), sorted({column for feature in sums for column in feature["columns"]})),
        (
            "products",
            _products(products),
            sorted({one for feature in products for one in feature["factors"]}),
        ),
    ]
    return made


def _names(features: Features) -> list[tuple[str, list[str]]]:
    """Columns that each transformer makes, in the order of `_transformers`."""
    one_hot = [
        f"{feature['name']}={level}" for feature in _kind(features, "oneHot") for level in feature["levels"]
    ]
    codes = [
        f"{feature['name']}={group}"
        for feature in _kind(features, "codeGroup")
        for group in [*(group["name"] for group in feature["groups"]), feature["other"]]
    ]
    single = {
        "ranks": ("ordinal",),
        "members": ("indicator", "missing"),
        "counts": ("count",),
        "numbers": ("number",),
        "sums": ("sum",),
        "products": ("product",),
    }
    plain = {name: [feature["name"] for feature in _kind(features, *kinds)] for name, kinds in single.items()}
    return [
        ("levels", one_hot),
        ("ranks", plain["ranks"]),
        ("codes", codes),
        *((name, plain[name]) for name in ("members", "counts", "numbers", "sums", "products")),
    ]


def _grouping(codes: Features) -> FunctionTransformer:
    """ICD-9 codes to the names of their groups, by a dictionary over all categories."""
    tables: dict[str, dict[str, str]] = {}
    for feature in codes:
        table = {
            str(category): group["name"]
            for group in reversed(feature["groups"])
            for low, high in group["ranges"]
            for category in range(low, high + 1)
        }
        tables[feature["column"]] = table
    letters = {letter: group["name"] for group in codes[0]["groups"] for letter in group["letters"]}
    other = codes[0]["other"]

    def group_of(code: str, table: dict[str, str]) -> str:
        if code == "":
            return ""
        return letters.get(code[0]) or table.get(code.partition(".")[0].lstrip("0"), other)

    def transform(frame: pd.DataFrame) -> npt.NDArray[np.object_]:
        groups = [[group_of(code, tables[name]) for code in frame[name]] for name in frame.columns]
        return np.array(groups, object).T

    return FunctionTransformer(transform, validate=False)


def _members(features: Features) -> FunctionTransformer:
    levels = [
        (feature["column"], [""] if feature["kind"] == "missing" else feature["levels"])
        for feature in features
    ]
    return FunctionTransformer(
        lambda frame: np.column_stack([frame[column].isin(wanted) for column, wanted in levels]),
        validate=False,
    )


def _counts(features: Features) -> FunctionTransformer:
    wanted = [(feature["columns"], feature["levels"]) for feature in features]
    return FunctionTransformer(
        lambda frame: np.column_stack(
            [frame[columns].isin(levels).to_numpy().sum(axis=1) for columns, levels in wanted]
        ),
        validate=False,
    )


def _sums(features: Features) -> FunctionTransformer:
    columns = [feature["columns"] for feature in features]
    return FunctionTransformer(
        lambda frame: np.column_stack([frame[terms].to_numpy().sum(axis=1) for terms in columns]),
        validate=False,
    )


def _products(features: Features) -> FunctionTransformer:
    columns = [feature["factors"] for feature in features]
    return FunctionTransformer(
        lambda frame: np.column_stack([frame[factors].to_numpy().prod(axis=1) for factors in columns]),
        validate=False,
    )
