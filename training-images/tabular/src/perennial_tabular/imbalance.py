"""
Unequal classes: weights, or invented rows of the rare ones (SMOTE). The calibration undoes what either
distorts.
"""

from typing import Literal

import numpy as np

from perennial_tabular.learners.learner import Labelled
from perennial_tabular.rows import Labels

NEIGHBOURS = 5


def balanced(rows: Labelled, way: Literal["none", "weights", "smote"], seed: int) -> Labelled:
    """Training rows in which every class counts as much, in the way that the spec asks for."""
    if way == "smote":
        return _with_invented_rows(rows, seed)
    return weighted(rows) if way == "weights" else rows


def weighted(rows: Labelled) -> Labelled:
    """
    The rows with weights by which every class counts as much, 1 in the mean.

    Also for the rows that stop a training on balanced ones: by their own shares, its first round would be
    the best.
    """
    classes, place, counts = np.unique(rows.labels, return_inverse=True, return_counts=True)
    weights: Labels = (len(rows.labels) / (len(classes) * counts))[place]
    return Labelled(rows.features, rows.labels, weights)


def _with_invented_rows(rows: Labelled, seed: int) -> Labelled:
    from imblearn.over_sampling import SMOTE

    least = int(np.unique(rows.labels, return_counts=True)[1].min())
    # A row needs a neighbour of its class to be between.
    if least < 2:
        return weighted(rows)
    sampler = SMOTE(random_state=seed, k_neighbors=min(NEIGHBOURS, least - 1))
    features, labels = sampler.fit_resample(rows.features, rows.labels)
    return Labelled(features.astype(np.float32), labels)
