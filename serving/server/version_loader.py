"""Loading and unloading of the versions of one model."""

from __future__ import annotations

import gc
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import tensorflow as tf
from tensorflow_serving.apis import get_model_status_pb2
from tensorflow_serving.config import model_server_config_pb2

from serving.server.session import ModelSession
from serving.server.status import StatusError, code_of
from serving.server.version_policy import aspired_versions, find_versions

# Number of ended versions that GetModelStatus still reports. TensorFlow Serving reports
# all of them, and its response grows with each release.
_MAX_ENDED = 10

State = get_model_status_pb2.ModelVersionStatus.State

# Loads a version: name of the model, number of the version, directory.
Load = Callable[[str, int, str], ModelSession]

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Polling:
    """Polling of a directory of versions.

    Attributes:
      seconds: Poll interval. Defaults to 1, as in TensorFlow Serving.
      retries: Retries after a version failed to load. Defaults to 5, as in TensorFlow
        Serving.
      retry_seconds: Interval of retries. Defaults to 5; 60 in TensorFlow Serving.
    """

    seconds: float = 1.0
    retries: int = 5
    retry_seconds: float = 5.0


@dataclass(frozen=True)
class VersionStatus:
    """Status of a version.

    Attributes:
      state: START, LOADING, AVAILABLE, UNLOADING or END.
      error: The last error while loading it, if any.
      failures: Number of failed attempts to load it.
      next_try: Time of the next attempt, monotonic seconds.
    """

    state: int
    error: StatusError | None = None
    failures: int = 0
    next_try: float = 0.0


class VersionLoader:
    """Polls the directory of a model, and loads and unloads its versions.

    A single thread loads new versions before it unloads old ones, so that a version is
    always available. Other threads read the state that it publishes.
    """

    def __init__(
        self, config: model_server_config_pb2.ModelConfig, load: Load, polling: Polling
    ):
        self.name: str = config.name
        self._config = config
        self._load = load
        self._polling = polling
        # Replaced atomically, for a consistent state of each request.
        self._available: Mapping[int, ModelSession] = {}
        self._statuses: Mapping[int, VersionStatus] = {}
        self._aspired: list[int] | None = None
        self._given_up: set[int] = set()
        self._reported = ""
        self._changed = threading.Condition()
        self._wake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(
            target=self._run, name=f"versions of {self.name}", daemon=True
        )

    @property
    def base_path(self) -> str:
        """Directory of the versions."""
        path: str = self._config.base_path
        return path

    def start(self) -> None:
        """Begins to poll."""
        self._thread.start()

    def update(self, config: model_server_config_pb2.ModelConfig) -> None:
        """Changes the directory or the policy."""
        self._config = config
        self._wake.set()

    def stop(self) -> None:
        """Unloads all versions, each after its last request."""
        self._stopping = True
        self._wake.set()
        self._thread.join()

    def session(self, version: int | None) -> ModelSession | None:
        """Returns a version, or the latest for None, if it is available."""
        available = self._available
        if version is None:
            version = max(available, default=None)
        return None if version is None else available.get(version)

    def statuses(self) -> Mapping[int, VersionStatus]:
        """Returns the status of the versions to serve and of the last ended ones."""
        return self._statuses

    def is_available(self, version: int | None = None) -> bool:
        """Returns True if a version, or any version, is available."""
        return self.session(version) is not None

    def wait_until_settled(self, timeout: float | None) -> bool:
        """Waits until each version to serve, if any, is available or has failed.

        Returns:
          False after a timeout.
        """
        with self._changed:
            return self._changed.wait_for(self._is_settled, timeout)

    def wait_until_found(self) -> None:
        """Waits until there is a version to serve, or until `stop`."""
        with self._changed:
            self._changed.wait_for(lambda: self._aspired or self._stopping)

    def _is_settled(self) -> bool:
        if self._stopping:
            return True
        if self._aspired is None:
            return False
        settled = (State.AVAILABLE, State.END)
        return all(
            version in self._statuses and self._statuses[version].state in settled
            for version in self._aspired
        )

    def _run(self) -> None:
        while not self._stopping:
            try:
                self._poll()
            except Exception:
                # Without the next poll, no new version would ever be served.
                _LOG.exception("model %s: polling failed", self.name)
            self._wake.wait(self._polling.seconds)
            self._wake.clear()
        self._unload_all_but([])
        self._publish(None, [])

    def _poll(self) -> None:
        config = self._config
        try:
            found = find_versions(config.base_path)
        except tf.errors.OpError as error:
            self._report(self._read_problem(error))
            # The directory may be unavailable for a while; keep serving.
            self._publish(None, self._aspired or [])
            return
        aspired = aspired_versions(config, found)
        self._report("" if aspired else self._none_found())
        # A version that is removed and added again may be another model.
        self._given_up &= set(aspired)
        for version in aspired:
            if not self._is_known(version):
                self._set(version, VersionStatus(State.START))
        self._publish(None, aspired)
        for version in aspired:
            self._load_version(version, found[version])
        if not aspired or any(version in self._available for version in aspired):
            self._unload_all_but(aspired)
        self._forget_all_but(aspired)

    def _report(self, problem: str) -> None:
        """Logs a problem when it begins or changes, not at each poll."""
        if problem not in ("", self._reported):
            _LOG.warning("%s", problem)
        self._reported = problem

    def _none_found(self) -> str:
        return f"No versions of servable {self.name} found under {self.base_path}"

    def _read_problem(self, error: tf.errors.OpError) -> str:
        if isinstance(error, tf.errors.NotFoundError):
            # The first release creates it.
            return f"{self._none_found()}: there is no such folder"
        return f"Could not read base path {self.base_path}: {error}"

    def _is_known(self, version: int) -> bool:
        """Returns True if a version is loading, available or given up."""
        status = self._statuses.get(version)
        ended = status is None or status.state == State.END
        return not ended or version in self._given_up

    def _load_version(self, version: int, path: str) -> None:
        """Loads a version unless it is loaded, has failed or waits for a retry."""
        status = self._statuses[version]
        pending = status.state in (State.START, State.LOADING)
        if not pending or time.monotonic() < status.next_try or self._stopping:
            return
        self._set(version, replace(status, state=State.LOADING))
        try:
            session = self._load(self.name, version, path)
        except Exception as error:
            self._fail(version, error)
            return
        self._publish({**self._available, version: session}, None)
        self._set(version, VersionStatus(State.AVAILABLE))
        _LOG.info("model %s: version %d is available", self.name, version)

    def _fail(self, version: int, error: Exception) -> None:
        """Schedules a retry, or gives up the version."""
        failures = self._statuses[version].failures + 1
        _LOG.warning(
            "model %s: version %d cannot be loaded (attempt %d of %d): %s",
            self.name,
            version,
            failures,
            self._polling.retries + 1,
            error,
        )
        over = failures > self._polling.retries
        if over:
            self._given_up.add(version)
        self._set(
            version,
            VersionStatus(
                State.END if over else State.LOADING,
                _as_status(error),
                failures,
                time.monotonic() + self._polling.retry_seconds,
            ),
        )

    def _unload_all_but(self, versions: list[int]) -> None:
        for version, status in self._statuses.items():
            if version in versions:
                continue
            if status.state == State.AVAILABLE:
                self._unload(version)
            elif status.state != State.END:
                self._set(version, replace(status, state=State.END))

    def _forget_all_but(self, versions: list[int]) -> None:
        """Forgets versions that ended long ago, except the given ones."""
        ended = [
            version
            for version, status in self._statuses.items()
            if status.state == State.END and version not in versions
        ]
        forgotten = set(ended[:-_MAX_ENDED])
        self._statuses = {
            version: status
            for version, status in self._statuses.items()
            if version not in forgotten
        }

    def _unload(self, version: int) -> None:
        session = self._available[version]
        self._set(version, VersionStatus(State.UNLOADING))
        rest = {each: s for each, s in self._available.items() if each != version}
        self._publish(rest, None)
        session.close()
        # A graph has reference cycles: without a collection several stay in memory.
        del session
        gc.collect()
        self._set(version, VersionStatus(State.END))
        _LOG.info("model %s: version %d is unloaded", self.name, version)

    def _set(self, version: int, status: VersionStatus) -> None:
        with self._changed:
            # Ordered by the last change.
            rest = {v: s for v, s in self._statuses.items() if v != version}
            self._statuses = {**rest, version: status}
            self._changed.notify_all()

    def _publish(
        self,
        available: Mapping[int, ModelSession] | None,
        aspired: list[int] | None,
    ) -> None:
        """Publishes the available versions, the versions to serve, or both."""
        with self._changed:
            if available is not None:
                self._available = available
            if aspired is not None:
                self._aspired = aspired
            self._changed.notify_all()


def _as_status(error: Exception) -> StatusError:
    if isinstance(error, StatusError):
        return error
    if isinstance(error, tf.errors.OpError):
        return StatusError(code_of(error.error_code), error.message)
    return StatusError(code_of(2), f"{type(error).__name__}: {error}")
