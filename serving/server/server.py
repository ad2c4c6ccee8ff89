"""The embedded server: models, services and ports."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from tensorflow_serving.config.model_server_config_pb2 import (
    ModelServerConfig as Config,
)

from config.errors import UserError
from config.serving import Serving
from serving.server.batching import Batcher
from serving.server.grpc_server import GrpcServer
from serving.server.metrics import Metrics
from serving.server.model_registry import ModelRegistry
from serving.server.request_log import RequestLog
from serving.server.rest import RestApi, RestServer
from serving.server.services import ModelService, PredictionService
from serving.server.session import ModelSession, Run
from serving.server.status import StatusError
from serving.server.version_loader import Polling
from serving.server.warmup import warm_up
from serving.tls import Pem

# Interval of updates of health and of the configuration.
_UPDATE_SECONDS = 1.0

_LOG = logging.getLogger(__name__)


class Server:
    """A model server in this process; `start` loads the models and opens the ports.

    Args:
      serving: The `serving` block; port 0 is any free port.
      read_config: Returns the models to serve. It is called once a second, so that
        changed labels take effect.
      pem: The server's key and certificates. Defaults to None: no TLS.
    """

    def __init__(
        self,
        serving: Serving,
        read_config: Callable[[], Config],
        polling: Polling | None = None,
        pem: Pem | None = None,
    ):
        self._serving = serving
        self._read_config = read_config
        self._pem = pem
        self._metrics = Metrics()
        self._request_log = RequestLog(self._metrics)
        self._registry = ModelRegistry(self._load, polling or Polling())
        self._models = ModelService(self._registry, self.reload)
        self._grpc: GrpcServer | None = None
        self._rest: RestServer | None = None
        self._stopping = threading.Event()
        self._updates = threading.Thread(
            target=self._update, name="updates", daemon=True
        )

    @property
    def port(self) -> int:
        """Port of gRPC, once the server is started."""
        assert self._grpc is not None
        return self._grpc.port

    @property
    def rest_port(self) -> int | None:
        """Port of HTTP, once the server is started; None without HTTP."""
        return None if self._rest is None else self._rest.port

    def start(self) -> None:
        """Loads the models, then opens the ports.

        Until then connections are refused, and clients retry.

        Raises:
          StatusError: A model cannot be loaded.
          ConfigError: A port is not available, or the models are misconfigured.
        """
        self._config = self._read_config()
        self._registry.start(self._config)
        self._request_log.update(self._config)
        serving = self._serving
        self._grpc = GrpcServer(
            self._predictions("GRPC"), self._models, serving, self._pem
        )
        if serving.rest_port is not None:
            predictions = self._predictions("REST")
            api = RestApi(predictions, self._models, self._metrics, serving)
            self._rest = RestServer(api, serving.host, serving.rest_port)
        self._grpc.set_healthy(True)
        self._grpc.start()
        if self._rest is not None:
            self._rest.start()
        self._updates.start()

    def reload(self, config: Config, deadline: float) -> None:
        """Replaces models, policies and labels, and waits for new models.

        Args:
          deadline: Deadline of the request, monotonic seconds.

        Raises:
          StatusError: The configuration is invalid, or a new model cannot be loaded.
        """
        new = self._registry.replace(config)
        self._request_log.update(config)
        self._registry.wait_for(new, deadline)

    def stop(self, grace: float = 10.0) -> None:
        """Closes the ports and unloads the models; requests have `grace` seconds."""
        self._stopping.set()
        if self._rest is not None:
            self._rest.stop()
        if self._grpc is not None:
            self._grpc.stop(grace)
        self._registry.stop()

    def _load(self, name: str, version: int, path: str) -> ModelSession:
        """Loads a version and replays its warm-up requests."""
        max_bytes = self._serving.max_message_bytes
        session = ModelSession(name, version, path, max_bytes, self._batching)
        count = warm_up(session, path)
        _LOG.info("model %s: version %d: %d warm-up requests", name, version, count)
        return session

    def _batching(self, compute: Run) -> Run:
        parameters = self._serving.batching
        return compute if parameters is None else Batcher(compute, parameters).run

    def _predictions(self, entrypoint: str) -> PredictionService:
        return PredictionService(
            self._registry, self._metrics, self._request_log, entrypoint
        )

    def _update(self) -> None:
        reported = ""
        while not self._stopping.wait(_UPDATE_SECONDS):
            assert self._grpc is not None
            self._grpc.set_healthy(self._registry.is_available())
            problem = self._update_config()
            # Logged when it begins or changes, not each second.
            if problem not in ("", reported):
                _LOG.warning("labels not updated: %s", problem)
            reported = problem

    def _update_config(self) -> str:
        """Applies changes of the configuration; returns the problem if that fails.

        The next update retries: the version of a label may still be loading.
        """
        try:
            config = self._read_config()
            if config != self._config:
                self._registry.replace(config)
                self._request_log.update(config)
                self._config = config
                _LOG.info("labels updated")
        except (UserError, StatusError) as error:
            return str(error)
        except Exception as error:
            # Object stores raise errors of their own; the next poll may succeed.
            return f"{type(error).__name__}: {error}"
        return ""
