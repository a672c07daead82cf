"""
FastAPI under uvicorn, one process: pydantic checks the record, then either the scikit-learn pipeline with
XGBoost answers (`pipeline`) or the artifact's own graph in bare ONNX Runtime (`graph`).
"""

import os
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import onnxruntime
import uvicorn
from fastapi import FastAPI
from pipeline import frame_of, pipeline_of
from pydantic import BaseModel
from records import record_model, sample
from workload import Trained

Predict = Callable[[dict[str, Any]], float]


def by_pipeline(trained: Trained) -> Predict:
    """Probability of a record by the pipeline."""
    pipeline = pipeline_of(trained, sample())
    return lambda record: float(pipeline.predict_proba(frame_of([record], trained.inputs))[0, 1])


def by_graph(trained: Trained) -> Predict:
    """Probability of a record by the graph."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(trained.graph, options, ["CPUExecutionProvider"])
    texts = [name for name, is_text in trained.inputs.items() if is_text]
    numbers = [name for name, is_text in trained.inputs.items() if not is_text]

    def predict(record: dict[str, Any]) -> float:
        strings = [["" if record[name] in (None, "?") else record[name] for name in texts]]
        values = [[np.nan if record[name] is None else record[name] for name in numbers]]
        feeds = {"strings": np.array(strings, object), "numbers": np.array(values, np.float32)}
        return float(session.run(["prediction"], feeds)[0][0, 0])

    return predict


def app_of(trained: Trained, predict: Predict) -> FastAPI:
    """The application, with the one route that is asked."""
    app = FastAPI()
    record_type = record_model(trained.inputs)

    # Not in a thread: work that keeps the processor busy is faster without handing it over and back.
    @app.post("/predict")
    async def answer(record: record_type) -> dict[str, float]:  # type: ignore[valid-type] # made from the spec
        checked: BaseModel = record
        return {"probability": predict(checked.model_dump(by_alias=True))}

    return app


def main() -> None:
    """Serves until it is told to stop."""
    trained = Trained.named_by_environment()
    predict = {"pipeline": by_pipeline, "graph": by_graph}[sys.argv[1]](trained)
    app = app_of(trained, predict)
    port = int(os.environ["BENCH_PORT"])
    uvicorn.run(app, host="127.0.0.1", port=port, access_log=False, log_level="warning")


if __name__ == "__main__":
    main()
