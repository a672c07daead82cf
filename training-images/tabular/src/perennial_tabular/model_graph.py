"""The whole model as one ONNX graph: features, raw scores, answer; and the session that runs it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
from onnx import ModelProto, TensorProto, checker, helper

from perennial_tabular.answers.answer import PREDICTION, Answer
from perennial_tabular.feature_graph import FEATURES, ML, FeatureGraph
from perennial_tabular.imputation import Imputation
from perennial_tabular.learners.learner import Scorer
from perennial_tabular.tensors import Batch

# StringSplit, StringConcat and RegexFullMatch came with 20.
OPSET, ML_OPSET, IR_VERSION = 20, 3, 9
CHUNK_ROWS = 4096


def feature_model(graph: FeatureGraph) -> bytes:
    """The feature part alone, for training: its output `features` is float32 [rows, columns]."""
    return _model(graph, "features", FEATURES, len(graph.names))


def complete_model(
    graph: FeatureGraph, imputation: Imputation | None, scorer: Scorer, answer: Answer
) -> bytes:
    """The whole graph: its output `prediction` is the answer, float32 [rows, columns]."""
    features = imputation.attach(graph, FEATURES) if imputation else FEATURES
    answer.attach(graph, scorer.attach(graph, features))
    return _model(graph, "model", PREDICTION, answer.columns)


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
        width = self._session.get_outputs()[0].shape[1]
        # One matrix from the start: joining the chunks at the end would hold all rows twice.
        output = np.empty((len(batch), width), np.float32)
        for start in starts:
            found = self._session.run(None, batch.slice(start, start + CHUNK_ROWS).feeds())[0]
            output[start : start + CHUNK_ROWS] = found
        return output
