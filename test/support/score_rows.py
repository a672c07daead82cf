"""
Scores an artifact's rows in Python: by the trees themselves, and by its whole graph.

Arguments: the artifact's folder, `rows.jsonl.gz`, the file to write: `{"trees": [...], "graph": [...]}`, a
probability a row. The trees are walked here, node by node, so that Node's onnxruntime is held
up to another hand.
"""

import gzip
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime

Floats = npt.NDArray[np.float64]
CHUNK_ROWS = 2048


def tensors(manifest: dict[str, Any], records: list[dict[str, Any]]) -> dict[str, npt.NDArray[Any]]:
    """The graph's inputs, made from the manifest alone."""
    missing = {"", *manifest["missingMarkers"]}
    texts = [column for column in manifest["inputs"] if column["type"] in ("category", "code")]
    numbers = [column for column in manifest["inputs"] if column["type"] in ("integer", "number")]
    strings = np.full((len(records), len(texts)), "", object)
    values = np.full((len(records), len(numbers)), np.nan, np.float32)
    for row, record in enumerate(records):
        for column in texts:
            text = str(record.get(column["name"]) or "").strip()
            strings[row, column["index"]] = "" if text in missing else text
        for column in numbers:
            text = str("" if record.get(column["name"]) is None else record[column["name"]]).strip()
            if text not in missing:
                values[row, column["index"]] = float(text)
    return {"strings": strings, "numbers": values}


def run(model: bytes, inputs: dict[str, npt.NDArray[Any]], output: str) -> npt.NDArray[np.float32]:
    """One output of the graph for all rows."""
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    rows = len(inputs["strings"])
    chunks = [
        session.run([output], {name: tensor[at : at + CHUNK_ROWS] for name, tensor in inputs.items()})[0]
        for at in range(0, rows, CHUNK_ROWS)
    ]
    return np.concatenate(chunks)


def features_graph(model: onnx.ModelProto, width: int) -> bytes:
    """The same graph with the matrix that its trees read as one more output."""
    tensor = onnx.helper.make_tensor_value_info("features", onnx.TensorProto.FLOAT, ["rows", width])
    model.graph.output.append(tensor)
    return bytes(model.SerializeToString())


def walk(tree: dict[str, list[Any]], features: npt.NDArray[np.float32]) -> Floats:
    """The value of the leaf that each row falls into: left where the feature is below the threshold."""
    feature, left, right = (np.array(tree[key]) for key in ("feature", "left", "right"))
    threshold = np.array(tree["threshold"], np.float32)
    missing_left = np.array(tree["missing_left"], bool)
    node = np.zeros(len(features), np.int64)
    rows = np.arange(len(features))
    while (left[node] != -1).any():
        value = features[rows, feature[node]]
        goes_left = np.where(np.isnan(value), missing_left[node], value < threshold[node])
        step = np.where(goes_left, left[node], right[node])
        node = np.where(left[node] == -1, node, step)
    return np.array(tree["leaf"], np.float64)[node]


def main(folder: Path, rows: Path, answer: Path) -> None:
    """Writes the probabilities of `rows` by the artifact in `folder` to `answer`."""
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    structure = json.loads((folder / "structure.json").read_text("utf-8"))
    # What is walked below: trees that go left where the feature is smaller, one raw score, a sigmoid over it.
    shape = [structure["kind"], structure["comparison"], structure["imputed"], structure["answer"]["link"]]
    if shape != ["trees", "<", None, "sigmoid"] or len(structure["base"]) != 1:
        raise ValueError(f"{folder}/structure.json is {shape}; expected trees of XGBoost for a binary task")
    with gzip.open(rows, "rt", encoding="utf-8") as lines:
        inputs = tensors(manifest, [json.loads(line)["record"] for line in lines])
    model = onnx.load(str(folder / "model.onnx"))
    by_graph = run(bytes(model.SerializeToString()), inputs, "prediction")[:, 0]
    features = run(features_graph(model, len(structure["features"])), inputs, "features")
    margin = structure["base"][0] + sum(walk(tree, features) for tree in structure["trees"])
    ((slope,), (intercept,)) = structure["answer"]["slope"], structure["answer"]["intercept"]
    by_trees = 1 / (1 + np.exp(-(slope * margin + intercept)))
    answer.write_text(json.dumps({"trees": by_trees.tolist(), "graph": by_graph.tolist()}), "utf-8")


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:4]))
