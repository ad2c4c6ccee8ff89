"""ModelService, independent of the transport."""

from __future__ import annotations

from collections.abc import Callable

import grpc
from tensorflow_serving.apis import get_model_status_pb2, model_management_pb2
from tensorflow_serving.config import model_server_config_pb2

from serving.server.model_registry import ModelRegistry
from serving.server.status import invalid_argument, number_of

# Replaces the configuration within a deadline, monotonic seconds.
Reload = Callable[[model_server_config_pb2.ModelServerConfig, float], None]


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
        if not request.HasField("model_spec"):
            raise invalid_argument("Missing ModelSpec")
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
