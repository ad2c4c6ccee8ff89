"""Keeps a sample of requests and answers, as TFRecord files of PredictionLog."""

from __future__ import annotations

import logging
import math
import os
import queue
import random
import threading
import time
from collections.abc import Callable, Iterable, Mapping

import grpc
import tensorflow as tf
from tensorflow_serving.apis import model_pb2, prediction_log_pb2
from tensorflow_serving.config import logging_config_pb2, model_server_config_pb2

from serving.complaint import Complaint
from serving.server.metrics import Metrics
from serving.server.status import code_of

# Entries that wait to be written; more are dropped, and counted, not waited for.
_MOST_WAITING = 1000
# A file that is as long is followed by another, so that old ones can be removed.
_FILE_BYTES = 64 * 2**20
# What TFRecord adds to an entry: its length, and two checksums.
_FRAME_BYTES = 16
# Entries that come so soon after a failure are dropped: else a full disk would have a
# file for each.
_PAUSE_SECONDS = 60.0

_LOG = logging.getLogger(__name__)

# Writes the request and the answer into an entry.
Fill = Callable[[prediction_log_pb2.PredictionLog], None]


class RequestLog:
    """The logs of all models whose configuration asks for one.

    TensorFlow Serving takes the same configuration, but is built without a collector
    that writes files.
    """

    def __init__(self, metrics: Metrics):
        """Logs nothing until `update`."""
        self._metrics = metrics
        # Replaced as a whole, so that a request sees one or the other.
        self._logs: Mapping[str, _ModelLog] = {}

    def update(self, config: model_server_config_pb2.ModelServerConfig) -> None:
        """Takes how models are logged; those that are logged as before go on."""
        old = self._logs
        configs = {
            each.name: each.logging_config
            for each in config.model_config_list.config
            if each.HasField("logging_config")
        }
        self._logs = {
            name: old[name]
            if name in old and old[name].config == logging
            else _ModelLog(name, logging, self._metrics)
            for name, logging in configs.items()
        }
        self._close(log for log in old.values() if log not in self._logs.values())

    def record(self, name: str, version: int, fill: Fill) -> None:
        """Logs a request, if it is in the sample.

        Args:
          name: Name of the model.
          version: The version that answered.
          fill: Writes the request and the answer into an entry.
        """
        log = self._logs.get(name)
        if log is not None:
            log.record(version, fill)

    def close(self) -> None:
        """Writes what waits to be written."""
        logs, self._logs = self._logs, {}
        self._close(logs.values())

    def _close(self, logs: Iterable[_ModelLog]) -> None:
        for log in logs:
            log.close()


class _ModelLog:
    """The log of a model; a thread writes it, since requests are not to wait."""

    def __init__(
        self, name: str, config: logging_config_pb2.LoggingConfig, metrics: Metrics
    ):
        self.config = config
        self._name = name
        self._rate = config.sampling_config.sampling_rate
        self._metrics = metrics
        self._entries: queue.Queue[bytes | None] = queue.Queue(_MOST_WAITING)
        self._thread = threading.Thread(
            target=self._write, name=f"request log of {name}", daemon=True
        )
        self._thread.start()

    def record(self, version: int, fill: Fill) -> None:
        if random.random() >= self._rate:
            return
        entry = prediction_log_pb2.PredictionLog()
        metadata = entry.log_metadata
        metadata.model_spec.CopyFrom(model_pb2.ModelSpec(name=self._name))
        metadata.model_spec.version.value = version
        metadata.sampling_config.CopyFrom(self.config.sampling_config)
        metadata.timestamp_secs = int(time.time())
        fill(entry)
        try:
            self._entries.put_nowait(entry.SerializeToString())
        except queue.Full:
            self._count(grpc.StatusCode.RESOURCE_EXHAUSTED)

    def close(self) -> None:
        self._entries.put(None)
        self._thread.join()

    def _write(self) -> None:
        files = _Files(self.config.log_collector_config.filename_prefix)
        while (entry := self._entries.get()) is not None:
            self._count(files.write(entry, flush=self._entries.empty()))
        files.close()

    def _count(self, status: grpc.StatusCode) -> None:
        self._metrics.count_logged(self._name, status)


class _Files:
    """The files of a log, one after another: what goes wrong ends one, not the log."""

    def __init__(self, prefix: str):
        self._prefix = prefix
        self._writer: tf.io.TFRecordWriter | None = None
        self._bytes = 0
        self._failure = grpc.StatusCode.OK
        self._pause_ends = -math.inf
        self._complaint = Complaint(_LOG.warning)

    def write(self, entry: bytes, flush: bool) -> grpc.StatusCode:
        """Writes an entry, and says what came of it."""
        if time.monotonic() < self._pause_ends:
            return self._failure
        try:
            writer = self._writer_for(len(entry) + _FRAME_BYTES)
            writer.write(entry)
            if flush:
                writer.flush()
        except Exception as error:
            self._fail(error)
            return self._failure
        self._complaint.clear()
        return grpc.StatusCode.OK

    def close(self) -> None:
        writer, self._writer = self._writer, None
        if writer is None:
            return
        try:
            writer.close()
        except Exception as error:
            self._complain(error)

    def _writer_for(self, size: int) -> tf.io.TFRecordWriter:
        """A file that has room."""
        if self._writer is not None and self._bytes + size > _FILE_BYTES:
            self.close()
        if self._writer is None:
            path = f"{self._prefix}-{time.time_ns()}-{os.getpid()}.tfrecord"
            tf.io.gfile.makedirs(os.path.dirname(path))
            self._writer = tf.io.TFRecordWriter(path)
            self._bytes = 0
        self._bytes += size
        return self._writer

    def _fail(self, error: Exception) -> None:
        """Leaves the file, whose end may be cut, and pauses."""
        if isinstance(error, tf.errors.OpError):
            self._failure = code_of(error.error_code)
        else:
            self._failure = grpc.StatusCode.UNKNOWN
        self._complain(error)
        self._pause_ends = time.monotonic() + _PAUSE_SECONDS
        self.close()

    def _complain(self, error: Exception) -> None:
        """Says what is wrong; the metrics count how many entries it cost."""
        words = getattr(error, "message", None) or f"{type(error).__name__}: {error}"
        self._complaint.say(f"{self._prefix}-*.tfrecord: cannot be written: {words}")
