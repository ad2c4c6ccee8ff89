"""HTTP transport: predict, status, metadata and metrics.

Paths, bodies and status codes are those of TensorFlow Serving's REST API.
"""

from __future__ import annotations

import inspect
import json
import logging
import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import grpc
from google.protobuf import json_format
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_pb2,
    predict_pb2,
)
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.routing import BaseConverter, IntegerConverter, Map, Rule
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from config.ports import bind, port_of
from config.serving import Serving
from serving.server import metrics
from serving.server.codec import decode
from serving.server.json_tensors import parse_object, read_inputs, to_columns, to_rows
from serving.server.services import SIGNATURE_DEF, ModelService, PredictionService
from serving.server.session import DEFAULT_SIGNATURE
from serving.server.signature import Endpoint
from serving.server.status import StatusError, invalid_argument, resource_exhausted

_LOG = logging.getLogger(__name__)

_HTTP_STATUS = {
    grpc.StatusCode.INVALID_ARGUMENT: 400,
    grpc.StatusCode.FAILED_PRECONDITION: 400,
    grpc.StatusCode.OUT_OF_RANGE: 400,
    grpc.StatusCode.UNAUTHENTICATED: 401,
    grpc.StatusCode.PERMISSION_DENIED: 403,
    grpc.StatusCode.NOT_FOUND: 404,
    grpc.StatusCode.ALREADY_EXISTS: 409,
    grpc.StatusCode.ABORTED: 409,
    grpc.StatusCode.RESOURCE_EXHAUSTED: 429,
    grpc.StatusCode.CANCELLED: 499,
    grpc.StatusCode.UNIMPLEMENTED: 501,
    grpc.StatusCode.UNAVAILABLE: 503,
    grpc.StatusCode.DEADLINE_EXCEEDED: 504,
}
_SERVER_ERROR = 500

# HTTP has no deadlines.
_TIMEOUT_SECONDS = 30.0
# A connection without a request is closed after this time.
_IDLE_SECONDS = 60


class _Name(BaseConverter):
    """Name of a model, or a label."""

    regex = "[^/:]+"


class _Version(IntegerConverter):
    """Version number of at most 64 bits."""

    regex = r"\d{1,19}"

    def __init__(self, map: Map):
        super().__init__(map, max=2**63 - 1)


def _rules() -> Iterator[Rule]:
    yield Rule(metrics.PATH, methods=["GET"], endpoint="metrics")
    for which in ("", "/versions/<version:version>", "/labels/<name:label>"):
        path = f"/v1/models/<name:name>{which}"
        yield Rule(path, methods=["GET"], endpoint="status")
        yield Rule(f"{path}/metadata", methods=["GET"], endpoint="metadata")
        yield Rule(f"{path}:predict", methods=["POST"], endpoint="predict")


_PATHS = Map(
    list(_rules()),
    converters={"name": _Name, "version": _Version},
    merge_slashes=False,
)


class RestApi:
    """WSGI application of both services."""

    def __init__(
        self,
        predictions: PredictionService,
        models: ModelService,
        counters: metrics.Metrics,
        serving: Serving,
    ):
        self._predictions = predictions
        self._models = models
        self._metrics = counters
        self._max_bytes = serving.max_message_bytes
        self._slots = threading.BoundedSemaphore(serving.max_concurrent_requests)

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Answers a request."""
        request = Request(environ)
        # Limits bodies without a length, too.
        request.max_content_length = self._max_bytes
        return self._respond(request)(environ, start_response)

    def _respond(self, request: Request) -> Response:
        try:
            endpoint, names = _route(request)
            if endpoint == "metrics":
                # Not limited: metrics matter most under load.
                return Response(self._metrics.page(), mimetype="text/plain")
            with self._slot():
                return _json(self._answer(endpoint, names, request))
        except StatusError as error:
            return _error(error)
        except HTTPException as error:
            return _json({"error": error.description}, error.code or _SERVER_ERROR)
        except Exception as error:
            _LOG.exception("a request failed unexpectedly")
            return _json({"error": type(error).__name__}, _SERVER_ERROR)

    @contextmanager
    def _slot(self) -> Iterator[None]:
        if not self._slots.acquire(blocking=False):
            raise resource_exhausted("Concurrent request limit exceeded!")
        try:
            yield
        finally:
            self._slots.release()

    def _answer(self, endpoint: str, names: dict[str, Any], request: Request) -> Any:
        spec = model_pb2.ModelSpec(name=names["name"])
        if "version" in names:
            spec.version.value = names["version"]
        if "label" in names:
            spec.version_label = names["label"]
        if endpoint == "predict":
            return self._predict(spec, request.get_data())
        return self._status(spec) if endpoint == "status" else self._metadata(spec)

    def _predict(self, spec: model_pb2.ModelSpec, data: bytes) -> Any:
        deadline = time.monotonic() + _TIMEOUT_SECONDS
        with self._predictions.counting_failures(spec.name):
            body = parse_object(data)
            spec.signature_name = _signature_name(body)
            inputs = read_inputs(body, self._inputs(spec))
        request = predict_pb2.PredictRequest(model_spec=spec, inputs=inputs)
        response = self._predictions.predict(request, deadline)
        outputs = {
            alias: decode(alias, response.outputs[alias])
            for alias in sorted(response.outputs)
        }
        if "instances" in body:
            return {"predictions": to_rows(outputs)}
        return {"outputs": to_columns(outputs)}

    def _inputs(self, spec: model_pb2.ModelSpec) -> dict[str, Endpoint]:
        """Returns the inputs of the signature for a request."""
        name = spec.signature_name or DEFAULT_SIGNATURE
        with self._predictions.session(spec) as session:
            signature = session.signatures.get(name)
        if signature is None:
            raise invalid_argument(
                f'Serving signature name: "{name}" not found in signature def'
            )
        return dict(signature.inputs)

    def _status(self, spec: model_pb2.ModelSpec) -> Any:
        request = get_model_status_pb2.GetModelStatusRequest(model_spec=spec)
        return _as_dict(self._models.get_model_status(request, math.inf))

    def _metadata(self, spec: model_pb2.ModelSpec) -> Any:
        request = get_model_metadata_pb2.GetModelMetadataRequest(
            model_spec=spec, metadata_field=[SIGNATURE_DEF]
        )
        response = self._predictions.get_model_metadata(request, math.inf)
        signatures = get_model_metadata_pb2.SignatureDefMap()
        response.metadata[SIGNATURE_DEF].Unpack(signatures)
        return {
            "model_spec": _as_dict(response.model_spec),
            "metadata": {SIGNATURE_DEF: _as_dict(signatures)},
        }


class RestServer:
    """Werkzeug's HTTP server, with a thread per connection.

    Without TLS, as in TensorFlow Serving. It opens its port at once; `start` begins to
    answer.

    Raises:
      ConfigError: The port is not available.
    """

    def __init__(self, api: RestApi, host: str, port: int):
        listener = bind(host, port)
        listener.listen()
        self.port = port_of(listener)
        self._server = make_server(
            host,
            self.port,
            api,
            threaded=True,
            request_handler=_Handler,
            fd=listener.detach(),
        )
        self._thread = threading.Thread(
            target=self._server.serve_forever, name="rest", daemon=True
        )

    def start(self) -> None:
        """Begins to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Closes the port."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Handler(WSGIRequestHandler):
    timeout = _IDLE_SECONDS

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Logs nothing; the metrics count requests."""


def _route(request: Request) -> tuple[str, dict[str, Any]]:
    """Returns the endpoint and the variables of a path."""
    try:
        endpoint, names = _PATHS.bind_to_environ(request.environ).match()
    except (NotFound, MethodNotAllowed) as error:
        if not request.path.startswith("/v1/"):
            raise NotFound(f"Not found: {request.path}") from error
        raise invalid_argument(
            f"Malformed request: {request.method} {request.path}"
        ) from error
    return str(endpoint), dict(names)


def _signature_name(body: dict[str, Any]) -> str:
    name = body.get("signature_name", "")
    if not isinstance(name, str):
        raise invalid_argument("'signature_name' key must be a string value.")
    return name


def _as_dict(message: Any) -> Any:
    """Converts a message to a dict with all fields, including default values."""
    # Protobuf 5 renamed the parameter.
    parameters = inspect.signature(json_format.MessageToDict).parameters
    defaults = "always_print_fields_with_no_presence"
    if defaults not in parameters:
        defaults = "including_default_value_fields"
    return json_format.MessageToDict(
        message, preserving_proto_field_name=True, **{defaults: True}
    )


def _error(error: StatusError) -> Response:
    return _json({"error": error.details}, _HTTP_STATUS.get(error.code, _SERVER_ERROR))


def _json(value: Any, status: int = 200) -> Response:
    text = json.dumps(value, indent=4, ensure_ascii=False)
    return Response(text, status, mimetype="application/json")
