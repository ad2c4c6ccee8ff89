"""The methods of ModelService, however a request came in."""

from __future__ import annotations

from collections.abc import Callable

import grpc
from tensorflow_serving.apis import get_model_status_pb2, model_management_pb2
from tensorflow_serving.config import model_server_config_pb2

from serving.server.manager import ModelManager
from serving.server.status import invalid_argument, number_of

# Takes a configuration, within a deadline by the monotonic clock.
Reload = Callable[[model_server_config_pb2.ModelServerConfig, float], None]


class ModelService:
    """Says how far versions are, and takes other configurations."""

    def __init__(self, manager: ModelManager, reload: Reload):
        """Serves the models of a manager; `reload` replaces them."""
        self._manager = manager
        self._reload = reload

    def get_model_status(
        self, request: get_model_status_pb2.GetModelStatusRequest, _: float
    ) -> get_model_status_pb2.GetModelStatusResponse:
        """How far the versions of a model are.

        As in TensorFlow Serving a label is not looked at: it is all versions then.

        Raises:
          StatusError: There is no such model or version.
        """
        if not request.HasField("model_spec"):
            raise invalid_argument("Missing ModelSpec")
        response = get_model_status_pb2.GetModelStatusResponse()
        statuses = self._manager.statuses(request.model_spec)
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
        """Takes other models, policies or labels.

        Raises:
          StatusError: The configuration is wrong, or a new model cannot be loaded.
        """
        self._reload(request.config, deadline)
        response = model_management_pb2.ReloadConfigResponse()
        response.status.error_code = number_of(grpc.StatusCode.OK)
        return response
