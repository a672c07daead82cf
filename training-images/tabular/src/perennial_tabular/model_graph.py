"""The whole model as one ONNX graph: features, raw scores, answer; and the session that runs it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnxruntime
from onnx import ModelProto, TensorProto, checker, helper

from perennial_tabular.answers.answer import PREDICTION, Answer
from perennial_tabular.feature_graph import FEATURES, ML, FeatureGraph
from perennial_tabular.imputation import Imputation
from perennial_tabular.learners.learner import Scorer
from perennial_tabular.matrices import Matrix, pieces, release
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

    @property
    def width(self) -> int:
        """Columns of the graph's output."""
        return int(self._session.get_outputs()[0].shape[1])

    def run(self, batch: Batch, output: Matrix | None = None) -> Matrix:
        """The graph's output for all rows of `batch`; in `output` where that is given, [rows, width]."""
        # One matrix from the start: joining the chunks at the end would hold all rows twice.
        filled = np.empty((len(batch), self.width), np.float32) if output is None else output
        for piece in pieces(len(batch)):
            starts: Sequence[int] = range(piece.start, max(piece.stop, 1), CHUNK_ROWS)
            for start in starts:
                stop = min(start + CHUNK_ROWS, piece.stop)
                filled[start:stop] = self._session.run(None, batch.slice(start, stop).feeds())[0]
            release(filled)
        return filled
