"""The methods of PredictionService, however a request came in."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import grpc
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    inference_pb2,
    model_pb2,
    predict_pb2,
    prediction_log_pb2,
    regression_pb2,
)

from serving.server.examples import classify, infer, regress
from serving.server.manager import ModelManager
from serving.server.metrics import Metrics
from serving.server.predict import predict
from serving.server.request_log import RequestLog
from serving.server.servable import Servable
from serving.server.status import StatusError, invalid_argument, resource_exhausted

SIGNATURE_DEF = "signature_def"

Response = TypeVar("Response")

_LOG = logging.getLogger(__name__)


class PredictionService:
    """Answers, counts and logs requests."""

    def __init__(
        self,
        manager: ModelManager,
        metrics: Metrics,
        request_log: RequestLog,
        entrypoint: str,
        max_bytes: int,
    ):
        """Serves the models of a manager.

        Args:
          manager: The models.
          metrics: Where requests are counted.
          request_log: Where a sample of them is kept.
          entrypoint: How they come in, for the metrics: GRPC or REST.
          max_bytes: The largest array that a few elements may stand for.
        """
        self._manager = manager
        self._metrics = metrics
        self._request_log = request_log
        self._entrypoint = entrypoint
        self._max_bytes = max_bytes

    def predict(
        self, request: predict_pb2.PredictRequest, deadline: float
    ) -> predict_pb2.PredictResponse:
        """See `predict.predict`."""

        def answer(servable: Servable) -> predict_pb2.PredictResponse:
            return predict(servable, request, deadline, self._max_bytes)

        return self._answer("Predict", request, answer, "predict_log")

    def classify(
        self, request: classification_pb2.ClassificationRequest, deadline: float
    ) -> classification_pb2.ClassificationResponse:
        """See `examples.classify`."""

        def answer(servable: Servable) -> classification_pb2.ClassificationResponse:
            return classify(servable, request, deadline)

        return self._answer("Classify", request, answer, "classify_log")

    def regress(
        self, request: regression_pb2.RegressionRequest, deadline: float
    ) -> regression_pb2.RegressionResponse:
        """See `examples.regress`."""

        def answer(servable: Servable) -> regression_pb2.RegressionResponse:
            return regress(servable, request, deadline)

        return self._answer("Regress", request, answer, "regress_log")

    def multi_inference(
        self, request: inference_pb2.MultiInferenceRequest, deadline: float
    ) -> inference_pb2.MultiInferenceResponse:
        """See `examples.infer`."""

        def answer(servable: Servable) -> inference_pb2.MultiInferenceResponse:
            return infer(servable, request, deadline)

        # All tasks name the same model.
        first = request.tasks[0] if request.tasks else inference_pb2.InferenceTask()
        return self._answer_for(
            first.model_spec, "MultiInference", request, answer, "multi_inference_log"
        )

    def get_model_metadata(
        self, request: get_model_metadata_pb2.GetModelMetadataRequest, _: float
    ) -> get_model_metadata_pb2.GetModelMetadataResponse:
        """The signatures of a model.

        Raises:
          StatusError: There is no such model, or something else is asked for.
        """
        _check_spec(request)
        if not request.metadata_field:
            raise invalid_argument(
                "GetModelMetadataRequest must specify at least one metadata_field"
            )
        for field in request.metadata_field:
            if field != SIGNATURE_DEF:
                raise invalid_argument(f"Metadata field {field} is not supported")
        response = get_model_metadata_pb2.GetModelMetadataResponse()
        signatures = get_model_metadata_pb2.SignatureDefMap()
        with self._manager.servable(request.model_spec) as servable:
            for name, definition in servable.definitions.items():
                signatures.signature_def[name].CopyFrom(definition)
            response.model_spec.name = servable.name
            response.model_spec.version.value = servable.version
        response.metadata[SIGNATURE_DEF].Pack(signatures)
        return response

    @contextmanager
    def counting_failures(self, name: str) -> Iterator[None]:
        """Counts a request to a model that fails within the context.

        Raises:
          StatusError: It failed; why.
        """
        try:
            yield
        except Exception as error:
            # Not by any name that clients think of: there is no end of them.
            known = name if self._manager.has(name) else ""
            status = _as_status(error)
            self._metrics.count_request(known, status.code)
            raise status from error

    def _answer(
        self, api: str, request: Any, answer: Callable[[Servable], Response], log: str
    ) -> Response:
        _check_spec(request)
        return self._answer_for(request.model_spec, api, request, answer, log)

    def _answer_for(
        self,
        spec: model_pb2.ModelSpec,
        api: str,
        request: Any,
        answer: Callable[[Servable], Response],
        log: str,
    ) -> Response:
        """Answers a request; what comes of it is counted, and maybe logged."""
        started = time.perf_counter()
        with (
            self.counting_failures(spec.name),
            self._manager.servable(spec) as servable,
        ):
            response = answer(servable)
            version = servable.version
        seconds = time.perf_counter() - started
        name = spec.name
        self._metrics.observe_latency(name, api, self._entrypoint, seconds)
        self._metrics.count_request(name, grpc.StatusCode.OK)

        def fill(entry: prediction_log_pb2.PredictionLog) -> None:
            getattr(entry, log).request.CopyFrom(request)
            getattr(entry, log).response.CopyFrom(response)

        self._request_log.record(name, version, fill)
        return response


def _check_spec(request: Any) -> None:
    if not request.HasField("model_spec"):
        raise invalid_argument("Missing ModelSpec")


def _as_status(error: Exception) -> StatusError:
    """An error as an answer; one that nobody foresaw is a fault of ours."""
    if isinstance(error, StatusError):
        return error
    if isinstance(error, MemoryError):
        return resource_exhausted("The request takes more memory than there is")
    _LOG.error("a request failed by a fault of the server", exc_info=error)
    return StatusError(grpc.StatusCode.INTERNAL, f"{type(error).__name__}: {error}")
