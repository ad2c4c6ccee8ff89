"""The server that will serve, started on a candidate."""

from __future__ import annotations

from pathlib import Path

import grpc
import numpy as np
import numpy.typing as npt
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

from config.serving import Batching, Serving
from config.signatures import PROBABILITY
from serving.local_server import LocalServer, ServingError, stage_version

_VERSION = "1"
_REQUEST_SECONDS = 30.0

_CHANNEL = [
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
]


class CandidateServer(LocalServer):
    """A model server of a candidate alone."""

    def __init__(
        self, model: str, saved_model: str, batching: Batching | None, folder: Path
    ):
        """Starts the server; `wait_until_available` says how that goes.

        Args:
          model: Name of the model.
          saved_model: Directory of its SavedModel.
          batching: Settings of the batching.
          folder: An empty folder, for what the server reads and says.
        """
        base_path = folder / "models"
        stage_version(saved_model, base_path / _VERSION)
        # A person is waiting, and a load that fails once fails again.
        super().__init__(
            Serving(batching=batching), model, base_path, folder, load_retries=0
        )
        self._channel = grpc.insecure_channel(self.address, _CHANNEL)
        self._predictions = prediction_service_pb2_grpc.PredictionServiceStub(
            self._channel
        )

    def __exit__(self, *_: object) -> None:
        """Ends the server."""
        self._channel.close()
        super().__exit__()

    def predict(self, request: predict_pb2.PredictRequest) -> npt.NDArray[np.float32]:
        """The probabilities that a request is answered with.

        Raises:
          ServingError: It is refused, or not answered.
        """
        try:
            response = self._predictions.Predict(request, timeout=_REQUEST_SECONDS)
        except grpc.RpcError as error:
            signature = request.model_spec.signature_name
            raise ServingError(
                f"{signature}: a request was answered by {error.code().name}: "
                f"{_one_line(error.details() or '')}; {self.last_log_line()}"
            ) from error
        return tf.make_ndarray(response.outputs[PROBABILITY])


def _one_line(text: str) -> str:
    return " ".join(text.split())
