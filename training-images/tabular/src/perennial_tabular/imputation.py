"""Medians in place of missing features, for learners that take none; in the graph as in training."""

from dataclasses import dataclass

import numpy as np

from perennial_tabular.feature_graph import FeatureGraph
from perennial_tabular.matrices import Matrix


@dataclass(frozen=True)
class Imputation:
    """What stands in for each feature where it is missing, float32 [columns]."""

    values: Matrix

    @classmethod
    def of(cls, features: Matrix) -> "Imputation":
        """The medians of the features as far as they are known; 0 where none is."""
        values = np.zeros(features.shape[1], np.float32)
        for place in range(features.shape[1]):
            known = features[:, place][~np.isnan(features[:, place])]
            if len(known):
                # The lower of two middle values: one that occurs.
                values[place] = np.partition(known, (len(known) - 1) // 2)[(len(known) - 1) // 2]
        return cls(values)

    def apply(self, features: Matrix) -> Matrix:
        return np.where(np.isnan(features), self.values, features)

    def attach(self, graph: FeatureGraph, features: str) -> str:
        missing = graph.node("IsNaN", [features], "features_missing")
        values = graph.constant("imputed_values", self.values)
        return graph.node("Where", [missing, values, features], "complete_features")
