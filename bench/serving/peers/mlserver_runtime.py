"""MLServer's runtime for the scikit-learn pipeline with XGBoost: records come as data frames."""

import numpy as np
from mlserver import MLModel
from mlserver.codecs import NumpyCodec, PandasCodec
from mlserver.types import InferenceRequest, InferenceResponse
from pipeline import frame_of, pipeline_of
from records import sample
from workload import Trained


class Readmission(MLModel):
    """The pipeline; its decoding and encoding are MLServer's own."""

    async def load(self) -> bool:
        """Opens the model that the environment names."""
        self.trained = Trained.named_by_environment()
        self.pipeline = pipeline_of(self.trained, sample())
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """A probability for each row."""
        records = PandasCodec.decode_request(payload).to_dict("records")
        probabilities = self.pipeline.predict_proba(frame_of(records, self.trained.inputs))[:, 1]
        output = NumpyCodec.encode_output("probability", probabilities.astype(np.float64))
        return InferenceResponse(model_name=self.name, outputs=[output])
