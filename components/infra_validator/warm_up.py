"""Writes requests for a server to replay before it serves a model."""

from __future__ import annotations

import os
from collections.abc import Sequence

import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_log_pb2
from tfx.dsl.io import fileio

from config.signatures import WARM_UP_FILE


def write_warm_up(requests: Sequence[predict_pb2.PredictRequest], folder: str) -> None:
    """Writes requests, if there are any, into the folder of the blessing."""
    if not requests:
        return
    with tf.io.TFRecordWriter(_path(folder)) as writer:
        for request in requests:
            log = prediction_log_pb2.PredictionLog()
            log.predict_log.request.CopyFrom(request)
            writer.write(log.SerializeToString())


def find_warm_up(folder: str) -> str:
    """The file with the requests in the folder of a blessing; empty for none."""
    path = _path(folder)
    return path if fileio.exists(path) else ""


def _path(folder: str) -> str:
    return os.path.join(folder, os.path.basename(WARM_UP_FILE))
