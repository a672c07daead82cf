"""Trees as plain numbers, whichever library grew them: for the graph and for `structure.json`."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from perennial_tabular.feature_graph import FeatureGraph

LEAF = -1
RAW = "raw_scores"


@dataclass(frozen=True)
class Tree:
    """
    Node by node, node 0 the root: go left where the feature compares with the threshold (or, if missing,
    where `missing_left`), else right.

    A leaf has left and right -1 and adds its values to the scores at `outputs`; `leaf` holds as many numbers
    for each node as there are outputs.
    """

    feature: list[int]
    threshold: list[float]
    left: list[int]
    right: list[int]
    missing_left: list[bool]
    leaf: list[float]
    cover: list[float]
    outputs: tuple[int, ...] = (0,)

    @property
    def depth(self) -> int:
        depths = [0] * len(self.left)
        for node, (left, right) in enumerate(zip(self.left, self.right, strict=True)):
            for child in (left, right):
                if child != LEAF:
                    depths[child] = depths[node] + 1
        return max(depths)


@dataclass(frozen=True)
class Forest:
    """All trees; each raw score is its `base` plus the sum of what one leaf of each tree adds to it."""

    base: tuple[float, ...]
    grown: tuple[Tree, ...]
    comparison: Literal["<", "<="]

    @property
    def trees(self) -> tuple[int, int]:
        return len(self.grown), max((tree.depth for tree in self.grown), default=0)

    def attach(self, graph: FeatureGraph, features: str) -> str:
        return graph.node("TreeEnsembleRegressor", [features], RAW, **self._attributes())

    def document(self) -> dict[str, Any]:
        trees = [
            {
                "outputs": list(tree.outputs),
                "feature": tree.feature,
                "threshold": tree.threshold,
                "left": tree.left,
                "right": tree.right,
                "missing_left": tree.missing_left,
                "leaf": tree.leaf,
                "cover": tree.cover,
            }
            for tree in self.grown
        ]
        return {"kind": "trees", "base": list(self.base), "comparison": self.comparison, "trees": trees}

    def _attributes(self) -> dict[str, Any]:
        """Attributes of ONNX's TreeEnsembleRegressor. Both sides of a comparison are float32."""
        nodes = [
            (index, node, tree) for index, tree in enumerate(self.grown) for node in range(len(tree.left))
        ]
        leaves = [
            (index, node, output, tree.leaf[node * len(tree.outputs) + place])
            for index, node, tree in nodes
            if tree.left[node] == LEAF
            for place, output in enumerate(tree.outputs)
        ]
        branch = "BRANCH_LT" if self.comparison == "<" else "BRANCH_LEQ"
        return {
            "n_targets": len(self.base),
            "base_values": list(self.base),
            "nodes_treeids": [index for index, _, _ in nodes],
            "nodes_nodeids": [node for _, node, _ in nodes],
            "nodes_featureids": [tree.feature[node] for _, node, tree in nodes],
            "nodes_values": [tree.threshold[node] for _, node, tree in nodes],
            "nodes_modes": ["LEAF" if tree.left[node] == LEAF else branch for _, node, tree in nodes],
            "nodes_truenodeids": [max(tree.left[node], 0) for _, node, tree in nodes],
            "nodes_falsenodeids": [max(tree.right[node], 0) for _, node, tree in nodes],
            "nodes_missing_value_tracks_true": [int(tree.missing_left[node]) for _, node, tree in nodes],
            "target_treeids": [index for index, _, _, _ in leaves],
            "target_nodeids": [node for _, node, _, _ in leaves],
            "target_ids": [output for _, _, output, _ in leaves],
            "target_weights": [value for _, _, _, value in leaves],
        }


def float32_below(value: float) -> float:
    """
    The largest float32 that isn't above `value`.

    A threshold in float64 with "less or equal" parts float32 features where this one does.
    """
    # LightGBM parts the missing from all others at the largest float64.
    limits = np.finfo(np.float32)
    nearest = np.float32(np.clip(value, limits.min, limits.max))
    if float(nearest) > value:
        nearest = np.nextafter(nearest, np.float32(-np.inf))
    return float(nearest)
