"""PredictionService and ModelService, independent of the transport."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, NoReturn

import grpc
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    inference_pb2,
    model_management_pb2,
    model_pb2,
    predict_pb2,
)
from tensorflow_serving.config.model_server_config_pb2 import ModelServerConfig

from serving.server.metrics import Metrics
from serving.server.model_registry import ModelRegistry
from serving.server.request_log import RequestLog
from serving.server.session import DEFAULT_SIGNATURE, ModelSession
from serving.server.signature import CLASSIFY, REGRESS
from serving.server.status import (
    StatusError,
    failed_precondition,
    invalid_argument,
    number_of,
    resource_exhausted,
    unimplemented,
)

SIGNATURE_DEF = "signature_def"

# Replaces the configuration within a deadline, monotonic seconds.
Reload = Callable[[ModelServerConfig, float], None]

_KINDS = {CLASSIFY: "classification", REGRESS: "regression"}

_LOG = logging.getLogger(__name__)


class PredictionService:
    """Predict and GetModelMetadata, with metrics and request log.

    Args:
      entrypoint: Name of the transport in metrics: GRPC or REST.
    """

    def __init__(
        self,
        registry: ModelRegistry,
        metrics: Metrics,
        request_log: RequestLog,
        entrypoint: str,
    ):
        self._registry = registry
        self._metrics = metrics
        self._request_log = request_log
        self._entrypoint = entrypoint

    def predict(
        self, request: predict_pb2.PredictRequest, deadline: float
    ) -> predict_pb2.PredictResponse:
        """Computes the outputs of a signature; see `ModelSession.predict`."""
        _check_spec(request)
        name = request.model_spec.name
        started = time.perf_counter()
        with (
            self.counting_failures(name),
            self._registry.session(request.model_spec) as session,
        ):
            response = session.predict(request, deadline)
            version = session.version
        seconds = time.perf_counter() - started
        self._metrics.observe_latency(name, "Predict", self._entrypoint, seconds)
        self._metrics.count_request(name, grpc.StatusCode.OK)
        self._request_log.record(name, version, request, response)
        return response

    def get_model_metadata(
        self, request: get_model_metadata_pb2.GetModelMetadataRequest, _: float
    ) -> get_model_metadata_pb2.GetModelMetadataResponse:
        """Returns the signatures of a model.

        Raises:
          StatusError: The model or the metadata field is unknown.
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
        with self._registry.session(request.model_spec) as session:
            for name, definition in session.definitions.items():
                signatures.signature_def[name].CopyFrom(definition)
            response.model_spec.name = session.name
            response.model_spec.version.value = session.version
        response.metadata[SIGNATURE_DEF].Pack(signatures)
        return response

    def reject(self, method: str, request: Any, _: float) -> NoReturn:
        """Rejects a request to Classify or Regress; see `_reject`."""
        _check_spec(request)
        self._reject(request.model_spec, method)

    def multi_inference(
        self, request: inference_pb2.MultiInferenceRequest, _: float
    ) -> NoReturn:
        """Rejects the request; see `_reject`."""
        task = request.tasks[0] if request.tasks else inference_pb2.InferenceTask()
        self._reject(task.model_spec, task.method_name)

    def session(
        self, spec: model_pb2.ModelSpec
    ) -> AbstractContextManager[ModelSession]:
        """Returns the loaded version for a request; see `ModelRegistry.session`."""
        return self._registry.session(spec)

    @contextmanager
    def counting_failures(self, name: str) -> Iterator[None]:
        """Counts a request to a model if it fails within the context.

        Raises:
          StatusError: The request failed.
        """
        try:
            yield
        except Exception as error:
            # Clients can send any number of unknown names.
            known = name if self._registry.has(name) else ""
            status = _as_status(error)
            self._metrics.count_request(known, status.code)
            raise status from error

    def _reject(self, spec: model_pb2.ModelSpec, method: str) -> NoReturn:
        """Raises TensorFlow Serving's error for signatures of Predict.

        Classify, Regress and MultiInference require signatures whose only input is
        `inputs`; the trainer exports none.
        """
        with self.counting_failures(spec.name), self._registry.session(spec) as session:
            kind = _KINDS.get(method)
            if kind is None:
                raise unimplemented(f"Unsupported signature method_name: {method}")
            name = spec.signature_name or DEFAULT_SIGNATURE
            signature = session.signatures.get(name)
            if signature is None:
                raise invalid_argument(f"No signature was found with the name: {name}")
            if len(signature.inputs) != 1:
                raise invalid_argument("Expected one input Tensor.")
            if "inputs" not in signature.inputs:
                raise failed_precondition(
                    f"No {kind} inputs found in SignatureDef: {name}"
                )
            raise unimplemented(
                f"The embedded server does not serve {method}; use TensorFlow Serving"
            )


class ModelService:
    """GetModelStatus and HandleReloadConfigRequest."""

    def __init__(self, registry: ModelRegistry, reload: Reload):
        self._registry = registry
        self._reload = reload

    def get_model_status(
        self, request: get_model_status_pb2.GetModelStatusRequest, _: float
    ) -> get_model_status_pb2.GetModelStatusResponse:
        """Returns the states of the versions of a model.

        As in TensorFlow Serving, a label in the request is ignored.

        Raises:
          StatusError: The model or version is unknown.
        """
        _check_spec(request)
        response = get_model_status_pb2.GetModelStatusResponse()
        statuses = self._registry.statuses(request.model_spec)
        for version in sorted(statuses, reverse=True):
            status = statuses[version]
            answer = response.model_version_status.add()
            answer.version = version
            answer.state = status.state
            code = grpc.StatusCode.OK if status.error is None else status.error.code
            answer.status.error_code = number_of(code)
            if status.error is not None:
                answer.status.error_message = status.error.details
        return response

    def handle_reload_config_request(
        self, request: model_management_pb2.ReloadConfigRequest, deadline: float
    ) -> model_management_pb2.ReloadConfigResponse:
        """Replaces models, policies and labels.

        Raises:
          StatusError: The configuration is invalid, or a new model cannot be loaded.
        """
        self._reload(request.config, deadline)
        response = model_management_pb2.ReloadConfigResponse()
        response.status.error_code = number_of(grpc.StatusCode.OK)
        return response


def _check_spec(request: Any) -> None:
    if not request.HasField("model_spec"):
        raise invalid_argument("Missing ModelSpec")


def _as_status(error: Exception) -> StatusError:
    """Converts an error to a status; INTERNAL for unexpected ones."""
    if isinstance(error, StatusError):
        return error
    if isinstance(error, MemoryError):
        return resource_exhausted("Not enough memory for the request")
    _LOG.error("a request failed unexpectedly", exc_info=error)
    return StatusError(grpc.StatusCode.INTERNAL, f"{type(error).__name__}: {error}")
