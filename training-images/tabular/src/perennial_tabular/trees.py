"""The trees of a booster as plain numbers: for the graph, for `trees.json` and for nothing else."""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import xgboost

LEAF = -1


@dataclass(frozen=True)
class Tree:
    """
    Node by node, node 0 the root: go left where feature < threshold (or, if missing, where `missing_left`),
    else right.

    A leaf has left and right -1 and its value in `leaf`.
    """

    feature: list[int]
    threshold: list[float]
    left: list[int]
    right: list[int]
    missing_left: list[bool]
    leaf: list[float]
    cover: list[float]

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
    """All trees; the margin is `base` plus the sum of one leaf of each."""

    base: float
    trees: tuple[Tree, ...]

    @classmethod
    def of(cls, booster: xgboost.Booster, base: float) -> "Forest":
        """The trees of a booster that was trained from a base margin."""
        model = json.loads(bytes(booster.save_raw("json")))
        return cls(base, tuple(_tree(raw) for raw in model["learner"]["gradient_booster"]["model"]["trees"]))

    @property
    def depth(self) -> int:
        return max((tree.depth for tree in self.trees), default=0)

    def attributes(self) -> dict[str, Any]:
        """
        Attributes of ONNX's TreeEnsembleRegressor. XGBoost's comparison is "less than", both sides
        float32.
        """
        nodes = [
            (index, node, tree) for index, tree in enumerate(self.trees) for node in range(len(tree.left))
        ]
        leaves = [(index, node, tree) for index, node, tree in nodes if tree.left[node] == LEAF]
        return {
            "n_targets": 1,
            "base_values": [self.base],
            "nodes_treeids": [index for index, _, _ in nodes],
            "nodes_nodeids": [node for _, node, _ in nodes],
            "nodes_featureids": [tree.feature[node] for _, node, tree in nodes],
            "nodes_values": [tree.threshold[node] for _, node, tree in nodes],
            "nodes_modes": ["LEAF" if tree.left[node] == LEAF else "BRANCH_LT" for _, node, tree in nodes],
            "nodes_truenodeids": [max(tree.left[node], 0) for _, node, tree in nodes],
            "nodes_falsenodeids": [max(tree.right[node], 0) for _, node, tree in nodes],
            "nodes_missing_value_tracks_true": [int(tree.missing_left[node]) for _, node, tree in nodes],
            "target_treeids": [index for index, _, _ in leaves],
            "target_nodeids": [node for _, node, _ in leaves],
            "target_ids": [0] * len(leaves),
            "target_weights": [tree.leaf[node] for _, node, tree in leaves],
        }


def _tree(raw: dict[str, Any]) -> Tree:
    left, right = raw["left_children"], raw["right_children"]
    is_leaf = [child == LEAF for child in left]
    # XGBoost keeps a leaf's value where a split keeps its threshold.
    values = [_float32(value) for value in raw["split_conditions"]]
    return Tree(
        feature=[0 if leaf else index for leaf, index in zip(is_leaf, raw["split_indices"], strict=True)],
        threshold=[0.0 if leaf else value for leaf, value in zip(is_leaf, values, strict=True)],
        left=list(left),
        right=list(right),
        missing_left=[
            not leaf and bool(value) for leaf, value in zip(is_leaf, raw["default_left"], strict=True)
        ],
        leaf=[value if leaf else 0.0 for leaf, value in zip(is_leaf, values, strict=True)],
        cover=[_float32(value) for value in raw["sum_hessian"]],
    )


def _float32(value: float) -> float:
    """The float32 that `value` was printed from."""
    return float(np.float32(value))
