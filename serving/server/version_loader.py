"""Loading and unloading of the versions of one model."""

from __future__ import annotations

import gc
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import grpc
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
      session: The version, if it is AVAILABLE.
    """

    state: int
    error: StatusError | None = None
    failures: int = 0
    next_try: float = 0.0
    session: ModelSession | None = None


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
        # Replaced atomically, for a consistent state of each request. Ordered by the
        # last change.
        self._statuses: Mapping[int, VersionStatus] = {}
        self._aspired: list[int] | None = None
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
        statuses = self._statuses
        if version is not None:
            status = statuses.get(version)
            return None if status is None else status.session
        available = [each for each, status in statuses.items() if status.session]
        return statuses[max(available)].session if available else None

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
        self._aspire([])

    def _poll(self) -> None:
        config = self._config
        none_found = f"No versions of servable {self.name} found under {self.base_path}"
        try:
            found = find_versions(config.base_path)
        except tf.errors.OpError as error:
            if isinstance(error, tf.errors.NotFoundError):
                # The first release creates it.
                self._report(f"{none_found}: there is no such folder")
            else:
                self._report(f"Could not read base path {self.base_path}: {error}")
            # The directory may be unavailable for a while; keep serving.
            self._aspire(self._aspired or [])
            return
        aspired = aspired_versions(config, found)
        self._report("" if aspired else none_found)
        self._forget_all_but(aspired)
        for version in aspired:
            if not self._is_known(version):
                self._set(version, VersionStatus(State.START))
        self._aspire(aspired)
        for version in aspired:
            self._load_version(version, found[version])
        if not aspired or any(map(self.is_available, aspired)):
            self._unload_all_but(aspired)
        self._forget_all_but(aspired)

    def _report(self, problem: str) -> None:
        """Logs a problem when it begins or changes, not at each poll."""
        if problem not in ("", self._reported):
            _LOG.warning("%s", problem)
        self._reported = problem

    def _is_known(self, version: int) -> bool:
        """Returns True if a version is loading, available or given up."""
        status = self._statuses.get(version)
        return status is not None and (
            status.state != State.END or status.failures > self._polling.retries
        )

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
        self._set(version, VersionStatus(State.AVAILABLE, session=session))
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
        state = State.END if failures > self._polling.retries else State.LOADING
        next_try = time.monotonic() + self._polling.retry_seconds
        self._set(version, VersionStatus(state, _as_status(error), failures, next_try))

    def _unload_all_but(self, versions: list[int]) -> None:
        for version in sorted(self._statuses.keys() - set(versions)):
            if self.is_available(version):
                self._unload(version)
            elif self._statuses[version].state != State.END:
                ended = replace(self._statuses[version], state=State.END)
                self._set(version, ended)

    def _forget_all_but(self, versions: list[int]) -> None:
        """Forgets versions that ended long ago, and failures of those that ended.

        A version that is removed and added again may be another model.
        """
        ended = [
            version
            for version, status in self._statuses.items()
            if status.state == State.END and version not in versions
        ]
        self._statuses = {
            version: replace(status, failures=0) if version in ended else status
            for version, status in self._statuses.items()
            if version not in ended[:-_MAX_ENDED]
        }

    def _unload(self, version: int) -> None:
        session = self._statuses[version].session
        assert session is not None
        self._set(version, VersionStatus(State.UNLOADING))
        session.close()
        # A graph has reference cycles: without a collection several stay in memory.
        del session
        gc.collect()
        self._set(version, VersionStatus(State.END))
        _LOG.info("model %s: version %d is unloaded", self.name, version)

    def _set(self, version: int, status: VersionStatus) -> None:
        with self._changed:
            rest = {v: s for v, s in self._statuses.items() if v != version}
            self._statuses = {**rest, version: status}
            self._changed.notify_all()

    def _aspire(self, versions: list[int]) -> None:
        """Sets the versions to serve."""
        with self._changed:
            self._aspired = versions
            self._changed.notify_all()


def _as_status(error: Exception) -> StatusError:
    if isinstance(error, StatusError):
        return error
    if isinstance(error, tf.errors.OpError):
        return StatusError(code_of(error.error_code), error.message)
    return StatusError(grpc.StatusCode.UNKNOWN, f"{type(error).__name__}: {error}")
