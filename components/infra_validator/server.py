"""The server that will serve, started on a candidate."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import grpc

from config.serving import Batching, Serving
from serving.client.connection import Connection, Methods
from serving.client.endpoint import ServerError, probabilities
from serving.local_server import LocalServer, ServingError, stage_version

_VERSION = "1"
_REQUEST_SECONDS = 30.0


class CandidateServer(LocalServer):
    """A model server of a candidate alone.

    Args:
      saved_model: Directory of the candidate's SavedModel.
      folder: An empty folder, for what the server reads and logs.
    """

    def __init__(
        self, model: str, saved_model: str, batching: Batching | None, folder: Path
    ):
        base_path = folder / "models"
        stage_version(saved_model, base_path / _VERSION)
        # A person is waiting, and a load that fails once fails again.
        super().__init__(
            Serving(batching=batching), model, base_path, folder, load_retries=0
        )
        self._channel = Connection(attempts=1).channel(self.address)
        self._methods = Methods(self._channel)

    def __exit__(self, *_: object) -> None:
        self._channel.close()
        super().__exit__()

    def predict(self, request: Any, rows: int) -> tuple[list[float], float]:
        """Returns the probabilities of a request, and its latency in seconds.

        Raises:
          ServingError: The server rejected the request, did not answer, or not with
            `rows` probabilities.
        """
        started = time.perf_counter()
        try:
            response = self._methods.predict(request, timeout=_REQUEST_SECONDS)
            return probabilities(response, rows), time.perf_counter() - started
        except grpc.RpcError as error:
            signature = request.model_spec.signature_name
            details = " ".join((error.details() or "").split())
            raise ServingError(
                f"{signature}: a request was answered by {error.code().name}: "
                f"{details}; {self.last_log_line()}"
            ) from error
        except ServerError as error:
            raise ServingError(str(error)) from error
