"""The whole model as one ONNX graph: features, trees, calibration; and the session that runs it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
from onnx import ModelProto, TensorProto, checker, helper

from perennial_tabular.calibration import Platt
from perennial_tabular.feature_graph import FEATURES, ML, FeatureGraph
from perennial_tabular.tensors import Batch
from perennial_tabular.trees import Forest

PREDICTION = "prediction"
# StringSplit, StringConcat and RegexFullMatch came with 20.
OPSET, ML_OPSET, IR_VERSION = 20, 3, 9
CHUNK_ROWS = 4096


def feature_model(graph: FeatureGraph) -> bytes:
    """The feature part alone, for training: its output `features` is float32 [rows, columns]."""
    return _model(graph, "features", FEATURES, len(graph.names))


def complete_model(graph: FeatureGraph, forest: Forest, calibration: Platt) -> bytes:
    """The whole graph: its output `prediction` is the calibrated probability, float32 [rows, 1]."""
    graph.node("TreeEnsembleRegressor", [FEATURES], "margin", **forest.attributes())
    slope = graph.constant("calibration_slope", np.array([calibration.slope], np.float32))
    intercept = graph.constant("calibration_intercept", np.array([calibration.intercept], np.float32))
    graph.node("Mul", ["margin", slope], "scaled_margin")
    graph.node("Add", ["scaled_margin", intercept], "calibrated_margin")
    graph.node("Sigmoid", ["calibrated_margin"], PREDICTION)
    return _model(graph, "model", PREDICTION, 1)


def _model(graph: FeatureGraph, name: str, output: str, width: int) -> bytes:
    # The name is ours: a generated one would change the bytes.
    onnx_graph = helper.make_graph(
        graph.nodes,
        name,
        graph.inputs(),
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, ["rows", width])],
        graph.initializers,
    )
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(ML, ML_OPSET)]
    model: ModelProto = helper.make_model(onnx_graph, opset_imports=opsets, ir_version=IR_VERSION)
    model.producer_name = "perennial"
    checker.check_model(model)
    content: bytes = model.SerializeToString(deterministic=True)
    return content


class Runner:
    """Runs a graph in one thread, in batches that stay in the processor's cache."""

    def __init__(self, model: bytes) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self._session: Any = onnxruntime.InferenceSession(model, options, ["CPUExecutionProvider"])

    def run(self, batch: Batch) -> npt.NDArray[np.float32]:
        """The graph's output for all rows of `batch`."""
        starts: Sequence[int] = range(0, max(len(batch), 1), CHUNK_ROWS)
        outputs = [
            self._session.run(None, batch.slice(start, start + CHUNK_ROWS).feeds())[0] for start in starts
        ]
        return np.concatenate(outputs)
