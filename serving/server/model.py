"""The versions of one model: loads what its policy asks for, and unloads the rest."""

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

from serving.complaint import Complaint
from serving.server.options import Polling
from serving.server.servable import Servable
from serving.server.status import StatusError, code_of
from serving.server.version_policy import aspired_versions, find_versions

# As many versions that ended can still be asked about. TensorFlow Serving forgets none,
# and its answer grows with each release.
_MOST_ENDED = 10

State = get_model_status_pb2.ModelVersionStatus.State

# Loads a version from a directory.
Load = Callable[[str, int, str], Servable]

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class VersionStatus:
    """How far a version is.

    Attributes:
      state: START, LOADING, AVAILABLE, UNLOADING or END.
      error: Why it could not be loaded, the last time.
      failures: How often it could not be.
      next_try: When it is tried again, by the monotonic clock.
    """

    state: int
    error: StatusError | None = None
    failures: int = 0
    next_try: float = 0.0


class Model:
    """A model whose directory is polled for versions.

    One thread does all the loading and unloading, in this order, so that there is
    always a version to serve. Others read what it publishes.

    Attributes:
      name: Name of the model.
    """

    def __init__(
        self, config: model_server_config_pb2.ModelConfig, load: Load, polling: Polling
    ):
        """Prepares for a model; `start` begins to poll."""
        self.name: str = config.name
        self._config = config
        self._load = load
        self._polling = polling
        # Replaced as a whole, so that a request sees one or the other.
        self._available: Mapping[int, Servable] = {}
        self._statuses: Mapping[int, VersionStatus] = {}
        self._aspired: list[int] | None = None
        self._given_up: set[int] = set()
        self._complaint = Complaint(_LOG.warning)
        self._changed = threading.Condition()
        self._wake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(
            target=self._work, name=f"versions of {self.name}", daemon=True
        )

    @property
    def base_path(self) -> str:
        """The directory of the versions."""
        path: str = self._config.base_path
        return path

    def start(self) -> None:
        """Begins to poll."""
        self._thread.start()

    def update(self, config: model_server_config_pb2.ModelConfig) -> None:
        """Takes another directory or policy."""
        self._config = config
        self._wake.set()

    def stop(self) -> None:
        """Unloads all versions, each when its last request is answered."""
        self._stopping = True
        self._wake.set()
        self._thread.join()

    def servable(self, version: int | None) -> Servable | None:
        """A version that is available; the latest one where none is named."""
        available = self._available
        if version is None:
            version = max(available, default=None)
        return None if version is None else available.get(version)

    def statuses(self) -> Mapping[int, VersionStatus]:
        """How far each version is: those to be served, and the last that ended."""
        return self._statuses

    def is_available(self, version: int | None = None) -> bool:
        """Whether a version, or any, is available."""
        return self.servable(version) is not None

    def wait_until_settled(self, timeout: float | None) -> bool:
        """Waits until all versions that are to be served are available or have failed.

        Returns:
          Whether that was in time. There may be no version.
        """
        with self._changed:
            return self._changed.wait_for(self._is_settled, timeout)

    def wait_until_found(self) -> None:
        """Waits until there is a version that is to be served, or `stop`."""
        with self._changed:
            self._changed.wait_for(lambda: self._aspired or self._stopping)

    def _is_settled(self) -> bool:
        if self._stopping:
            return True
        if self._aspired is None:
            return False
        ends = (State.AVAILABLE, State.END)
        return all(
            version in self._statuses and self._statuses[version].state in ends
            for version in self._aspired
        )

    def _work(self) -> None:
        while not self._stopping:
            try:
                self._poll()
            except Exception:
                # The next poll may go well, and without it no version would come.
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
            self._complaint.say(self._nothing_read(error))
            # What is served may only be out of sight.
            self._publish(None, self._aspired or [])
            return
        aspired = aspired_versions(config, found)
        if aspired:
            self._complaint.clear()
        else:
            self._complaint.say(self._none_found())
        # What went away and came back may be another model.
        self._given_up &= set(aspired)
        for version in aspired:
            if not self._is_known(version):
                self._set(version, VersionStatus(State.START))
        self._publish(None, aspired)
        for version in aspired:
            self._bring_up(version, found[version])
        if not aspired or any(version in self._available for version in aspired):
            self._unload_all_but(aspired)
        self._forget_all_but(aspired)

    def _none_found(self) -> str:
        return f"No versions of servable {self.name} found under {self.base_path}"

    def _nothing_read(self, error: tf.errors.OpError) -> str:
        if isinstance(error, tf.errors.NotFoundError):
            # The first release makes it.
            return f"{self._none_found()}: there is no such folder"
        return f"Could not read base path {self.base_path}: {error}"

    def _is_known(self, version: int) -> bool:
        """Whether a version is on its way, available, or given up."""
        status = self._statuses.get(version)
        ended = status is None or status.state == State.END
        return not ended or version in self._given_up

    def _bring_up(self, version: int, path: str) -> None:
        """Loads a version unless that was done, has failed, or is to be done later."""
        status = self._statuses[version]
        waiting = status.state in (State.START, State.LOADING)
        if not waiting or time.monotonic() < status.next_try or self._stopping:
            return
        self._set(version, replace(status, state=State.LOADING))
        try:
            servable = self._load(self.name, version, path)
        except Exception as error:
            self._fail(version, error)
            return
        self._publish({**self._available, version: servable}, None)
        self._set(version, VersionStatus(State.AVAILABLE))
        _LOG.info("model %s: version %d is available", self.name, version)

    def _fail(self, version: int, error: Exception) -> None:
        """Has a version tried again, or gives it up."""
        failures = self._statuses[version].failures + 1
        _LOG.warning(
            "model %s: version %d cannot be loaded (try %d of %d): %s",
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
        """Forgets versions that ended long ago, unless they are some of these."""
        ended = [
            version
            for version, status in self._statuses.items()
            if status.state == State.END and version not in versions
        ]
        forgotten = set(ended[:-_MOST_ENDED])
        self._statuses = {
            version: status
            for version, status in self._statuses.items()
            if version not in forgotten
        }

    def _unload(self, version: int) -> None:
        servable = self._available[version]
        self._set(version, VersionStatus(State.UNLOADING))
        rest = {each: s for each, s in self._available.items() if each != version}
        self._publish(rest, None)
        servable.close()
        # Graphs refer to themselves; left to chance, several would stay in memory.
        del servable
        gc.collect()
        self._set(version, VersionStatus(State.END))
        _LOG.info("model %s: version %d is unloaded", self.name, version)

    def _set(self, version: int, status: VersionStatus) -> None:
        with self._changed:
            # In the order of their last changes.
            rest = {v: s for v, s in self._statuses.items() if v != version}
            self._statuses = {**rest, version: status}
            self._changed.notify_all()

    def _publish(
        self, available: Mapping[int, Servable] | None, aspired: list[int] | None
    ) -> None:
        """Shows others what is served, and what is to be."""
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
