"""The services by HTTP and JSON, as TensorFlow Serving's REST interface."""

from __future__ import annotations

import inspect
import json
import logging
import math
import re
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote

import grpc
import numpy as np
from google.protobuf import json_format
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_pb2,
    predict_pb2,
    regression_pb2,
)
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

from serving.server.codec import decode
from serving.server.manager import ModelManager
from serving.server.metrics import PATH, Metrics
from serving.server.model_service import ModelService
from serving.server.prediction_service import SIGNATURE_DEF, PredictionService
from serving.server.rest_examples import read_examples
from serving.server.rest_tensors import plain, predictions, read_inputs
from serving.server.rest_values import parse_object, shortest
from serving.server.servable import DEFAULT_SIGNATURE
from serving.server.signature import Endpoint
from serving.server.status import StatusError, invalid_argument, resource_exhausted

_LOG = logging.getLogger(__name__)

_MODEL = r"(?i:/v1/models)/(?P<name>[^/:]+)"
_WHICH = r"(?:/versions/(?P<version>\d+)|/labels/(?P<label>[^/:]+))?"
_POST = re.compile(rf"{_MODEL}{_WHICH}:(?P<method>classify|regress|predict)")
_GET = re.compile(rf"{_MODEL}{_WHICH}(?P<metadata>/metadata)?")

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

# Python refuses to read numbers of several thousand digits.
_MOST_DIGITS = 100

# How long a request may take, since HTTP has no deadlines.
_TIMEOUT_SECONDS = 30.0


class RestApi:
    """A WSGI application."""

    def __init__(
        self,
        manager: ModelManager,
        predictions: PredictionService,
        models: ModelService,
        metrics: Metrics,
        max_message_bytes: int,
        max_concurrent_requests: int,
    ):
        """Takes what answers, and how much it takes."""
        self._manager = manager
        self._predictions = predictions
        self._models = models
        self._metrics = metrics
        self._max_bytes = max_message_bytes
        self._places = threading.BoundedSemaphore(max_concurrent_requests)

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Answers a request."""
        request = Request(environ)
        # The server would read an endless one to its end.
        request.max_content_length = self._max_bytes
        return self._respond(request)(environ, start_response)

    def _respond(self, request: Request) -> Response:
        if request.path == PATH and request.method == "GET":
            return Response(self._metrics.page(), mimetype="text/plain")
        if not request.path.lower().startswith("/v1/"):
            return _json({"error": f"Not found: {request.path}"}, 404)
        if not self._places.acquire(blocking=False):
            return _error(resource_exhausted("Concurrent request limit exceeded!"))
        try:
            return _json(self._answer(request), 200)
        except StatusError as error:
            return _error(error)
        except HTTPException as error:
            return _json({"error": error.description}, error.code or _SERVER_ERROR)
        except Exception as error:
            _LOG.exception("a request failed by a fault of the server")
            return _json({"error": type(error).__name__}, _SERVER_ERROR)
        finally:
            self._places.release()

    def _answer(self, request: Request) -> Any:
        deadline = time.monotonic() + _TIMEOUT_SECONDS
        patterns = {"POST": _POST, "GET": _GET}
        pattern = patterns.get(request.method)
        match = pattern and pattern.fullmatch(request.path)
        if not match:
            raise invalid_argument(
                f"Malformed request: {request.method} {request.path}"
            )
        spec = _spec(match)
        if request.method == "GET":
            return self._metadata(spec) if match["metadata"] else self._status(spec)
        data = request.get_data()
        with self._predictions.counting_failures(spec.name):
            body = parse_object(data)
            spec.signature_name = _signature_name(body)
        answers = {
            "predict": self._predict,
            "classify": self._classify,
            "regress": self._regress,
        }
        return answers[match["method"]](spec, body, deadline)

    def _predict(
        self, spec: model_pb2.ModelSpec, body: dict[str, Any], deadline: float
    ) -> Any:
        with self._predictions.counting_failures(spec.name):
            inputs = read_inputs(body, self._inputs(spec))
        request = predict_pb2.PredictRequest(model_spec=spec, inputs=inputs)
        response = self._predictions.predict(request, deadline)
        outputs = {
            alias: decode(alias, response.outputs[alias], 0)
            for alias in sorted(response.outputs)
        }
        if "instances" in body:
            return {"predictions": predictions(outputs)}
        columns = {alias: plain(alias, output) for alias, output in outputs.items()}
        single = next(iter(columns.values())) if len(columns) == 1 else None
        return {"outputs": columns if len(columns) != 1 else single}

    def _classify(
        self, spec: model_pb2.ModelSpec, body: dict[str, Any], deadline: float
    ) -> Any:
        with self._predictions.counting_failures(spec.name):
            examples = read_examples(body)
        request = classification_pb2.ClassificationRequest(
            model_spec=spec, input=examples
        )
        response = self._predictions.classify(request, deadline)
        return {
            "results": [
                [[each.label, _shortest(each.score)] for each in row.classes]
                for row in response.result.classifications
            ]
        }

    def _regress(
        self, spec: model_pb2.ModelSpec, body: dict[str, Any], deadline: float
    ) -> Any:
        with self._predictions.counting_failures(spec.name):
            examples = read_examples(body)
        request = regression_pb2.RegressionRequest(model_spec=spec, input=examples)
        response = self._predictions.regress(request, deadline)
        values = [_shortest(each.value) for each in response.result.regressions]
        return {"results": values}

    def _inputs(self, spec: model_pb2.ModelSpec) -> dict[str, Endpoint]:
        """The inputs of the signature that a request means."""
        name = spec.signature_name or DEFAULT_SIGNATURE
        with self._manager.servable(spec) as servable:
            signature = servable.signatures.get(name)
        if signature is None:
            raise invalid_argument(
                f'Serving signature name: "{name}" not found in signature def'
            )
        return dict(signature.inputs)

    def _status(self, spec: model_pb2.ModelSpec) -> Any:
        request = get_model_status_pb2.GetModelStatusRequest(model_spec=spec)
        response = self._models.get_model_status(request, math.inf)
        return _as_dict(response)

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


def _spec(match: re.Match[str]) -> model_pb2.ModelSpec:
    """The model that a path names."""
    spec = model_pb2.ModelSpec(name=unquote(match["name"]))
    if match["version"] is not None:
        digits = match["version"]
        if len(digits) > _MOST_DIGITS or int(digits) >= 2**63:
            raise invalid_argument(f"Failed to convert version: {digits} to numeric.")
        spec.version.value = int(digits)
    if match["label"] is not None:
        spec.version_label = unquote(match["label"])
    return spec


def _signature_name(body: dict[str, Any]) -> str:
    name = body.get("signature_name", "")
    if not isinstance(name, str):
        raise invalid_argument("'signature_name' key must be a string value.")
    return name


def _shortest(value: float) -> float:
    return shortest(np.float32(value))


def _as_dict(message: Any) -> Any:
    """A message with all its fields, those with default values too."""
    # Protobuf 5 renamed the parameter.
    names = inspect.signature(json_format.MessageToDict).parameters
    defaults = "always_print_fields_with_no_presence"
    if defaults not in names:
        defaults = "including_default_value_fields"
    return json_format.MessageToDict(
        message, preserving_proto_field_name=True, **{defaults: True}
    )


def _error(error: StatusError) -> Response:
    return _json({"error": error.details}, _HTTP_STATUS.get(error.code, _SERVER_ERROR))


def _json(value: Any, status: int) -> Response:
    text = json.dumps(value, indent=4, ensure_ascii=False)
    return Response(text, status, mimetype="application/json")
