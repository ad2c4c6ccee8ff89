"""Warm-up requests of a version, replayed before it is served."""

from __future__ import annotations

import math
import os

import grpc
import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow_serving.apis import prediction_log_pb2

from config.signatures import WARM_UP_FILE
from serving.server.session import ModelSession
from serving.server.status import StatusError, invalid_argument, unimplemented

# As in TensorFlow Serving.
_MAX_REQUESTS = 1000


def warm_up(session: ModelSession, path: str) -> int:
    """Replays the warm-up requests in the directory of a model; returns their number.

    Raises:
      StatusError: A request failed, or the file is malformed.
    """
    file = os.path.join(path, WARM_UP_FILE)
    if not tf.io.gfile.exists(file):
        return 0
    count = 0
    try:
        for record in tf.data.TFRecordDataset(file).as_numpy_iterator():
            count += 1
            if count > _MAX_REQUESTS:
                raise invalid_argument(
                    "Number of warmup records exceeds the maximum "
                    f"({_MAX_REQUESTS}) at {file}"
                )
            _replay(session, _parse(record, file))
    except tf.errors.DataLossError as error:
        raise StatusError(
            grpc.StatusCode.DATA_LOSS,
            f"{error.message}. Please verify your warmup data is in TFRecord format.",
        ) from error
    return count


def _parse(record: bytes, file: str) -> prediction_log_pb2.PredictionLog:
    try:
        return prediction_log_pb2.PredictionLog.FromString(record)
    except DecodeError as error:
        raise invalid_argument(f"Failed to parse warmup record from {file}") from error


def _replay(session: ModelSession, log: prediction_log_pb2.PredictionLog) -> None:
    kind = log.WhichOneof("log_type")
    if kind == "predict_log":
        session.predict(log.predict_log.request, math.inf)
    elif kind is not None:
        raise unimplemented(f"Unsupported log_type for warmup: {kind}")
