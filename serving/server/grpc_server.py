"""The services on a port, by gRPC."""

from __future__ import annotations

import importlib
import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf import descriptor_pool
from google.protobuf.message import DecodeError
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection, reflection_pb2_grpc
from tensorflow_serving.apis.classification_pb2 import ClassificationRequest
from tensorflow_serving.apis.get_model_metadata_pb2 import GetModelMetadataRequest
from tensorflow_serving.apis.get_model_status_pb2 import GetModelStatusRequest
from tensorflow_serving.apis.inference_pb2 import MultiInferenceRequest
from tensorflow_serving.apis.model_management_pb2 import ReloadConfigRequest
from tensorflow_serving.apis.predict_pb2 import PredictRequest
from tensorflow_serving.apis.regression_pb2 import RegressionRequest

from pipeline.errors import ConfigError
from serving.server.model_service import ModelService
from serving.server.prediction_service import PredictionService
from serving.server.status import StatusError

_PREDICTION_SERVICE = "tensorflow.serving.PredictionService"
_MODEL_SERVICE = "tensorflow.serving.ModelService"
# The whole server goes by the empty name.
_SERVICES = ("", _PREDICTION_SERVICE, _MODEL_SERVICE)

# A client may keep a stream of reflection open and never ask; predictions have threads
# of their own.
_REFLECTION_THREADS = 2

# What gRPC answers to bytes that are no message.
_NO_MESSAGE = "Exception deserializing request!"


@dataclass(frozen=True)
class Listening:
    """Where a server listens, and what it takes.

    Attributes:
      host: Name or address of the interface.
      port: Number of the port; 0 for any that is free.
      credentials: The server's key and certificates; None without TLS.
      max_message_bytes: Longest request.
      max_concurrent_requests: Most requests at a time; more are refused.
      shares_port: Whether other processes listen on the same port.
    """

    host: str
    port: int
    credentials: grpc.ServerCredentials | None
    max_message_bytes: int
    max_concurrent_requests: int
    shares_port: bool


class GrpcServer:
    """A gRPC server of both services, with health and reflection."""

    def __init__(
        self,
        predictions: PredictionService,
        models: ModelService,
        listening: Listening,
    ):
        """Binds to the port; `start` begins to answer.

        Raises:
          ConfigError: The port cannot be had, or the credentials are malformed.
        """
        # A request keeps a thread even while its message is still to come, so there
        # are as many threads as requests are taken. Few are ever started.
        most = listening.max_concurrent_requests
        self._server = grpc.server(
            ThreadPoolExecutor(most, "grpc"),
            maximum_concurrent_rpcs=most,
            options=[
                ("grpc.max_receive_message_length", listening.max_message_bytes),
                ("grpc.max_send_message_length", -1),
                ("grpc.so_reuseport", int(listening.shares_port)),
            ],
        )
        self._server.add_generic_rpc_handlers(
            (
                _service(
                    _PREDICTION_SERVICE,
                    Predict=(predictions.predict, PredictRequest),
                    Classify=(predictions.classify, ClassificationRequest),
                    Regress=(predictions.regress, RegressionRequest),
                    MultiInference=(predictions.multi_inference, MultiInferenceRequest),
                    GetModelMetadata=(
                        predictions.get_model_metadata,
                        GetModelMetadataRequest,
                    ),
                ),
                _service(
                    _MODEL_SERVICE,
                    GetModelStatus=(models.get_model_status, GetModelStatusRequest),
                    HandleReloadConfigRequest=(
                        models.handle_reload_config_request,
                        ReloadConfigRequest,
                    ),
                ),
            )
        )
        self._health = health.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        self._add_reflection()
        self.set_healthy(False)
        self.port = self._bind(listening)

    def start(self) -> None:
        """Begins to answer."""
        self._server.start()

    def set_healthy(self, is_healthy: bool) -> None:
        """Says by the health service whether requests can be answered."""
        response = health_pb2.HealthCheckResponse
        status = response.SERVING if is_healthy else response.NOT_SERVING
        for service in _SERVICES:
            self._health.set(service, status)

    def stop(self, grace: float) -> None:
        """Takes no more requests, and waits until the others are answered.

        Args:
          grace: How many seconds that may take.
        """
        self._health.enter_graceful_shutdown()
        self._server.stop(grace).wait()

    def _add_reflection(self) -> None:
        _register_descriptors()
        names = (*_SERVICES[1:], health.SERVICE_NAME, reflection.SERVICE_NAME)
        servicer = reflection.ReflectionServicer(names)
        servicer.ServerReflectionInfo = _InOwnThreads(servicer.ServerReflectionInfo)
        reflection_pb2_grpc.add_ServerReflectionServicer_to_server(
            servicer, self._server
        )

    def _bind(self, listening: Listening) -> int:
        address = f"{_bracketed(listening.host)}:{listening.port}"
        try:
            if listening.credentials is None:
                port = self._server.add_insecure_port(address)
            else:
                port = self._server.add_secure_port(address, listening.credentials)
        except RuntimeError as error:
            reason = "or its key and certificates are malformed"
            raise ConfigError(
                f"{address}: the server cannot listen there: the port is in use"
                f"{', ' + reason if listening.credentials else ''}; choose another"
            ) from error
        return int(port)


class _InOwnThreads:
    """A method that does not take the threads of others.

    Attributes:
      experimental_thread_pool: What gRPC looks for.
    """

    def __init__(self, method: Callable[..., Any]):
        self._method = method
        self.experimental_thread_pool = ThreadPoolExecutor(
            _REFLECTION_THREADS, "reflection"
        )

    def __call__(self, *arguments: Any) -> Any:
        return self._method(*arguments)


def _service(
    name: str, **methods: tuple[Callable[[Any, float], Any], type[Any]]
) -> grpc.GenericRpcHandler:
    """A service: for each method what answers, and the message that it takes."""
    handlers = {
        method: grpc.unary_unary_rpc_method_handler(_method(answer, message))
        for method, (answer, message) in methods.items()
    }
    return grpc.method_handlers_generic_handler(name, handlers)


def _method(
    answer: Callable[[Any, float], Any], message: type[Any]
) -> Callable[[bytes, grpc.ServicerContext], bytes]:
    """A method as gRPC calls it: with a context, by which errors are told.

    From bytes to bytes, since gRPC (1.85) keeps 16 KiB forever of each request that it
    cannot parse itself.
    """

    def call(content: bytes, context: grpc.ServicerContext) -> Any:
        left = context.time_remaining()
        deadline = math.inf if left is None else time.monotonic() + left
        try:
            request = message.FromString(content)
        except DecodeError:
            context.abort(grpc.StatusCode.INTERNAL, _NO_MESSAGE)
        try:
            return answer(request, deadline).SerializeToString()
        except StatusError as error:
            context.abort(error.code, error.details)

    return call


def _register_descriptors() -> None:
    """Makes the services known to reflection.

    With protobuf 4 and later two modules of tensorflow-serving-api describe their
    service, and then fail on what only older versions allowed.
    """
    for module in ("prediction_service_pb2", "model_service_pb2"):
        try:
            importlib.import_module(f"tensorflow_serving.apis.{module}")
        except AttributeError:
            continue
    for service in _SERVICES[1:]:
        descriptor_pool.Default().FindServiceByName(service)


def _bracketed(host: str) -> str:
    """An address of IPv6 as it stands before a port."""
    return f"[{host}]" if ":" in host else host
