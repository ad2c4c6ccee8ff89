"""A model server: the models, what answers for them, and the ports."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from tensorflow_serving.config import model_server_config_pb2

from pipeline.errors import ConfigError
from serving.complaint import Complaint
from serving.server.batching import Batcher
from serving.server.config_files import (
    read_credentials,
    read_model_config,
    write_model_config,
)
from serving.server.grpc_server import GrpcServer, Listening
from serving.server.manager import ModelManager
from serving.server.metrics import Metrics
from serving.server.model_service import ModelService
from serving.server.options import ServerOptions
from serving.server.prediction_service import PredictionService
from serving.server.request_log import RequestLog
from serving.server.rest import RestApi
from serving.server.rest_server import RestServer
from serving.server.servable import Run, Servable
from serving.server.status import StatusError
from serving.server.warmup import warm_up

# How often the server looks after itself: its health, and its configuration file.
_UPKEEP_SECONDS = 1.0

_LOG = logging.getLogger(__name__)


class Server:
    """A model server within this process."""

    def __init__(self, options: ServerOptions):
        """Prepares; `start` loads models, and begins to answer.

        Raises:
          ConfigError: A file cannot be used.
        """
        self._options = options
        ssl = options.ssl_config_file
        self._credentials = None if ssl is None else read_credentials(ssl)
        self._metrics = Metrics()
        self._request_log = RequestLog(self._metrics)
        self._manager = ModelManager(self._load, options.polling)
        self._models = ModelService(self._manager, self.reload)
        self._grpc: GrpcServer | None = None
        self._rest: RestServer | None = None
        self._config: model_server_config_pb2.ModelServerConfig | None = None
        self._complaint = Complaint(_LOG.warning)
        self._stopping = threading.Event()
        self._upkeep = threading.Thread(
            target=self._keep_up, name="upkeep", daemon=True
        )

    @property
    def port(self) -> int:
        """The port for gRPC, once the server is started."""
        assert self._grpc is not None
        return self._grpc.port

    @property
    def rest_port(self) -> int | None:
        """The port for HTTP, once the server is started."""
        return None if self._rest is None else self._rest.port

    def start(self, config: model_server_config_pb2.ModelServerConfig) -> None:
        """Loads models, then begins to answer.

        Before that, clients find the port closed, and try again.

        Raises:
          StatusError: A model cannot be loaded.
          ConfigError: A port cannot be had.
        """
        self._config = config
        self._manager.start(config)
        self._request_log.update(config)
        self._grpc = self._grpc_server()
        self._rest = self._rest_server()
        self._grpc.set_healthy(True)
        self._grpc.start()
        if self._rest is not None:
            self._rest.start()
        self._upkeep.start()

    def reload(
        self, config: model_server_config_pb2.ModelServerConfig, deadline: float
    ) -> None:
        """Takes other models, policies or labels, and waits until they are there.

        Args:
          config: The configuration.
          deadline: When nobody waits for the answer any more, by the monotonic clock.

        Raises:
          StatusError: The configuration is wrong, or a new model cannot be loaded.
        """
        new = self._manager.replace(config)
        self._request_log.update(config)
        if self._options.shares_config and self._options.config_file is not None:
            # In this order: the upkeep is not to find an older file.
            write_model_config(self._options.config_file, config)
            self._config = config
        self._manager.wait_for(new, deadline)

    def stop(self, grace: float = 10.0) -> None:
        """Takes no more requests, answers the others, and unloads the models.

        Args:
          grace: How many seconds answering may take.
        """
        self._stopping.set()
        if self._rest is not None:
            self._rest.stop()
        if self._grpc is not None:
            self._grpc.stop(grace)
        self._manager.stop()
        self._request_log.close()

    def _load(self, name: str, version: int, path: str) -> Servable:
        """Loads a version, and warms it up."""
        servable = Servable(
            name, version, path, self._options.threads, self._batching()
        )
        count = warm_up(servable, path, self._options.max_message_bytes)
        _LOG.info("model %s: version %d: %d warm-up requests", name, version, count)
        return servable

    def _batching(self) -> Callable[[Run], Run] | None:
        parameters = self._options.batching
        if parameters is None:
            return None
        return lambda compute: Batcher(compute, parameters).run

    def _grpc_server(self) -> GrpcServer:
        options = self._options
        return GrpcServer(
            self._predictions("GRPC"),
            self._models,
            Listening(
                options.host,
                options.port,
                self._credentials,
                options.max_message_bytes,
                options.max_concurrent_requests,
                options.shares_ports,
            ),
        )

    def _rest_server(self) -> RestServer | None:
        options = self._options
        if options.rest_port is None:
            return None
        api = RestApi(
            self._manager,
            self._predictions("REST"),
            self._models,
            self._metrics,
            options.max_message_bytes,
            options.max_concurrent_requests,
        )
        return RestServer(api, options.host, options.rest_port, options.shares_ports)

    def _predictions(self, entrypoint: str) -> PredictionService:
        return PredictionService(
            self._manager,
            self._metrics,
            self._request_log,
            entrypoint,
            self._options.max_message_bytes,
        )

    def _keep_up(self) -> None:
        while not self._stopping.wait(_UPKEEP_SECONDS):
            if self._grpc is not None:
                self._grpc.set_healthy(self._manager.is_available())
            if self._options.config_file is not None:
                self._read_again(self._options.config_file)

    def _read_again(self, path: str) -> None:
        """Takes the configuration file, if it has changed.

        One that is not taken is tried again: a label may be for a version that is still
        being loaded.
        """
        try:
            config = read_model_config(path)
            if config != self._config:
                self._manager.replace(config)
                self._request_log.update(config)
                self._config = config
                _LOG.info("%s: taken", path)
            self._complaint.clear()
        except (ConfigError, StatusError) as error:
            self._complaint.say(f"{path}: not taken: {error}")
