"""Replays requests that a model brings along, before it serves others."""

from __future__ import annotations

import os

import grpc
import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow_serving.apis import prediction_log_pb2

from serving.server.examples import classify, infer, regress
from serving.server.predict import predict
from serving.server.servable import Servable
from serving.server.status import StatusError, invalid_argument
from serving.warm_up import WARM_UP_FILE

# What TensorFlow Serving takes.
_MOST_REQUESTS = 1000

_NEVER = float("inf")


def warm_up(servable: Servable, path: str, max_bytes: int) -> int:
    """Replays the requests of a SavedModel, if it has any.

    Args:
      servable: Who is asked.
      path: Directory of the SavedModel.
      max_bytes: The largest array that a few elements may stand for.

    Returns:
      How many requests there were.

    Raises:
      StatusError: A request is not answered well, or the file is no such file.
    """
    file = os.path.join(path, WARM_UP_FILE)
    if not tf.io.gfile.exists(file):
        return 0
    count = 0
    try:
        for record in tf.data.TFRecordDataset(file).as_numpy_iterator():
            count += 1
            if count > _MOST_REQUESTS:
                raise invalid_argument(
                    "Number of warmup records exceeds the maximum "
                    f"({_MOST_REQUESTS}) at {file}"
                )
            _replay(servable, _parsed(record, file), max_bytes)
    except tf.errors.DataLossError as error:
        raise StatusError(
            grpc.StatusCode.DATA_LOSS,
            f"{error.message}. Please verify your warmup data is in TFRecord format.",
        ) from error
    return count


def _parsed(record: bytes, file: str) -> prediction_log_pb2.PredictionLog:
    try:
        return prediction_log_pb2.PredictionLog.FromString(record)
    except DecodeError as error:
        raise invalid_argument(f"Failed to parse warmup record from {file}") from error


def _replay(
    servable: Servable, log: prediction_log_pb2.PredictionLog, max_bytes: int
) -> None:
    kind = log.WhichOneof("log_type")
    if kind == "predict_log":
        predict(servable, log.predict_log.request, _NEVER, max_bytes)
    elif kind == "classify_log":
        classify(servable, log.classify_log.request, _NEVER)
    elif kind == "regress_log":
        regress(servable, log.regress_log.request, _NEVER)
    elif kind == "multi_inference_log":
        infer(servable, log.multi_inference_log.request, _NEVER)
    elif kind is not None:
        raise StatusError(
            grpc.StatusCode.UNIMPLEMENTED, f"Unsupported log_type for warmup: {kind}"
        )
