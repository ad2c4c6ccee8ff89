"""gRPC transport of the services, with health and reflection."""

from __future__ import annotations

import functools
import importlib
import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from google.protobuf import descriptor_pool, message_factory
from google.protobuf.message import DecodeError
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection, reflection_pb2_grpc

from config.errors import ConfigError
from config.serving import Serving
from serving.server.services import ModelService, PredictionService
from serving.server.signature import CLASSIFY, REGRESS
from serving.server.status import StatusError
from serving.tls import Pem

_PREDICTION_SERVICE = "tensorflow.serving.PredictionService"
_MODEL_SERVICE = "tensorflow.serving.ModelService"
# The empty name is that of the whole server in the health service.
_SERVICES = ("", _PREDICTION_SERVICE, _MODEL_SERVICE)

# Idle reflection streams must not take threads from predictions.
_REFLECTION_THREADS = 2

# gRPC's own text for malformed messages.
_MALFORMED = "Exception deserializing request!"

# Answers a request within a deadline, monotonic seconds.
Method = Callable[[Any, float], Any]


class GrpcServer:
    """A gRPC server of PredictionService and ModelService.

    It opens its port at once; `start` begins to answer.

    Args:
      pem: The server's key and certificates; None disables TLS.

    Raises:
      ConfigError: The port is not available.
    """

    def __init__(
        self,
        predictions: PredictionService,
        models: ModelService,
        serving: Serving,
        pem: Pem | None,
    ):
        # A request occupies a thread before its message arrives, so the maximum number
        # of requests is also that of threads. Few are ever started.
        max_requests = serving.max_concurrent_requests
        self._server = grpc.server(
            ThreadPoolExecutor(max_requests, "grpc"),
            maximum_concurrent_rpcs=max_requests,
            options=[
                ("grpc.max_receive_message_length", serving.max_message_bytes),
                ("grpc.max_send_message_length", -1),
                ("grpc.so_reuseport", 0),
            ],
        )
        self._server.add_generic_rpc_handlers(_services(predictions, models))
        self._health = health.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        self._add_reflection()
        self.set_healthy(False)
        self.port = self._bind(serving.host, serving.port, pem)

    def start(self) -> None:
        """Begins to answer."""
        self._server.start()

    def set_healthy(self, is_healthy: bool) -> None:
        """Sets the status that the health service reports."""
        response = health_pb2.HealthCheckResponse
        status = response.SERVING if is_healthy else response.NOT_SERVING
        for service in _SERVICES:
            self._health.set(service, status)

    def stop(self, grace: float) -> None:
        """Closes the port; requests have `grace` seconds to finish."""
        self._health.enter_graceful_shutdown()
        self._server.stop(grace).wait()

    def _add_reflection(self) -> None:
        names = (*_SERVICES[1:], health.SERVICE_NAME, reflection.SERVICE_NAME)
        servicer = reflection.ReflectionServicer(names)
        # A method cannot have the attribute by which gRPC finds its own threads.
        method: Any = functools.partial(servicer.ServerReflectionInfo)
        method.experimental_thread_pool = ThreadPoolExecutor(
            _REFLECTION_THREADS, "reflection"
        )
        servicer.ServerReflectionInfo = method
        reflection_pb2_grpc.add_ServerReflectionServicer_to_server(
            servicer, self._server
        )

    def _bind(self, host: str, port: int, pem: Pem | None) -> int:
        # An IPv6 address needs brackets before a port.
        address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        try:
            if pem is None:
                return int(self._server.add_insecure_port(address))
            return int(self._server.add_secure_port(address, _credentials(pem)))
        except RuntimeError as error:
            raise ConfigError(
                f"{address}: cannot listen; choose another host or port, stop the "
                "process that uses it, or check serving.tls"
            ) from error


def _credentials(pem: Pem) -> grpc.ServerCredentials:
    client_ca = None if pem.client_ca is None else pem.client_ca.encode()
    return grpc.ssl_server_credentials(
        [(pem.key.encode(), pem.certificate.encode())],
        root_certificates=client_ca,
        require_client_auth=client_ca is not None,
    )


def _services(
    predictions: PredictionService, models: ModelService
) -> list[grpc.GenericRpcHandler]:
    methods: dict[str, dict[str, Method]] = {
        _PREDICTION_SERVICE: {
            "Predict": predictions.predict,
            "GetModelMetadata": predictions.get_model_metadata,
            "Classify": functools.partial(predictions.reject, CLASSIFY),
            "Regress": functools.partial(predictions.reject, REGRESS),
            "MultiInference": predictions.multi_inference,
        },
        _MODEL_SERVICE: {
            "GetModelStatus": models.get_model_status,
            "HandleReloadConfigRequest": models.handle_reload_config_request,
        },
    }
    _register_descriptors()
    return [
        grpc.method_handlers_generic_handler(
            service,
            {
                name: grpc.unary_unary_rpc_method_handler(
                    _handler(method, _request_class(service, name))
                )
                for name, method in some.items()
            },
        )
        for service, some in methods.items()
    ]


def _request_class(service: str, method: str) -> type[Any]:
    descriptor = descriptor_pool.Default().FindServiceByName(service)
    return message_factory.GetMessageClass(
        descriptor.methods_by_name[method].input_type
    )


def _handler(
    method: Method, message: type[Any]
) -> Callable[[bytes, grpc.ServicerContext], bytes]:
    """Wraps a method for gRPC, from bytes to bytes.

    gRPC 1.85 leaks 16 KiB for each request that it cannot parse itself.
    """

    def call(content: bytes, context: grpc.ServicerContext) -> Any:
        left = context.time_remaining()
        deadline = math.inf if left is None else time.monotonic() + left
        try:
            request = message.FromString(content)
        except DecodeError:
            context.abort(grpc.StatusCode.INTERNAL, _MALFORMED)
        try:
            return method(request, deadline).SerializeToString()
        except StatusError as error:
            context.abort(error.code, error.details)

    return call


def _register_descriptors() -> None:
    """Registers the services, also for reflection.

    With protobuf 4 and later, two modules of tensorflow-serving-api raise an error
    after they registered their service.
    """
    for module in ("prediction_service_pb2", "model_service_pb2"):
        try:
            importlib.import_module(f"tensorflow_serving.apis.{module}")
        except AttributeError:
            continue
