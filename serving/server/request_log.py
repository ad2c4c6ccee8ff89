"""Log of a sample of requests and responses: TFRecord files of PredictionLog."""

from __future__ import annotations

import logging
import math
import os
import random
import threading
import time
from collections.abc import Mapping

import grpc
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_log_pb2
from tensorflow_serving.config import logging_config_pb2, model_server_config_pb2

from serving.server.metrics import Metrics

# Size at which a new file begins, so that old ones can be removed.
_FILE_BYTES = 64 * 2**20
# Time after a failure in which entries are dropped. Otherwise each entry would cause a
# new file and a message on a full disk.
_PAUSE_SECONDS = 60.0

_LOG = logging.getLogger(__name__)


class RequestLog:
    """Logs of the models with a `logging_config`.

    TensorFlow Serving has the same configuration, but no collector that writes files.
    """

    def __init__(self, metrics: Metrics):
        self._metrics = metrics
        # Replaced atomically, for a consistent state of each request.
        self._logs: Mapping[str, _ModelLog] = {}

    def update(self, config: model_server_config_pb2.ModelServerConfig) -> None:
        """Sets the models to log; unchanged logs continue."""
        old = self._logs
        configs = {
            each.name: each.logging_config
            for each in config.model_config_list.config
            if each.HasField("logging_config")
        }
        self._logs = {
            name: old[name]
            if name in old and old[name].config == logging_config
            else _ModelLog(logging_config)
            for name, logging_config in configs.items()
        }

    def record(
        self,
        name: str,
        version: int,
        request: predict_pb2.PredictRequest,
        response: predict_pb2.PredictResponse,
    ) -> None:
        """Logs a request to a version of a model if it is sampled."""
        log = self._logs.get(name)
        if log is None or random.random() >= log.config.sampling_config.sampling_rate:
            return
        entry = prediction_log_pb2.PredictionLog()
        metadata = entry.log_metadata
        metadata.model_spec.name = name
        metadata.model_spec.version.value = version
        metadata.sampling_config.CopyFrom(log.config.sampling_config)
        metadata.timestamp_secs = int(time.time())
        entry.predict_log.request.CopyFrom(request)
        entry.predict_log.response.CopyFrom(response)
        written = log.write(entry.SerializeToString())
        status = grpc.StatusCode.OK if written else grpc.StatusCode.UNAVAILABLE
        self._metrics.count_logged(name, status)


class _ModelLog:
    """The log of one model, a sequence of files."""

    def __init__(self, config: logging_config_pb2.LoggingConfig):
        self.config = config
        self._prefix = config.log_collector_config.filename_prefix
        self._lock = threading.Lock()
        self._writer: tf.io.TFRecordWriter | None = None
        self._bytes = 0
        self._paused_until = -math.inf

    def write(self, entry: bytes) -> bool:
        """Appends an entry; returns False if it was not written."""
        with self._lock:
            if time.monotonic() < self._paused_until:
                return False
            try:
                self._append(entry)
            except Exception as error:
                # Its last entry may be incomplete, so another file follows.
                self._writer = None
                self._paused_until = time.monotonic() + _PAUSE_SECONDS
                _LOG.warning(
                    "%s-*.tfrecord cannot be written; requests are not logged for "
                    "%g s: %s",
                    self._prefix,
                    _PAUSE_SECONDS,
                    getattr(error, "message", error),
                )
                return False
            return True

    def _append(self, entry: bytes) -> None:
        if self._writer is None or self._bytes > _FILE_BYTES:
            path = f"{self._prefix}-{time.time_ns()}-{os.getpid()}.tfrecord"
            tf.io.gfile.makedirs(os.path.dirname(path))
            self._writer = tf.io.TFRecordWriter(path)
            self._bytes = 0
        self._writer.write(entry)
        # Readers of the file find complete entries.
        self._writer.flush()
        self._bytes += len(entry)
