"""Requests for rows of the eval split, and the file of those that warm a server up."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2
from tfx.dsl.io import fileio
from tfx_bsl.coders.example_coder import ExamplesToRecordBatchDecoder

from components.shared.shards import shards_in
from config.signatures import (
    EXAMPLES,
    PREDICT,
    PROBABILITY,
    SERVING_DEFAULT,
    WARM_UP_FILE,
)
from serving.client import Target, messages
from serving.client.columns import Columns
from serving.client.endpoint import predict_request
from serving.client.features import Feature

SIGNATURES = (SERVING_DEFAULT, PREDICT)


class Rows:
    """Rows to request predictions of.

    Args:
      examples: Serialized tf.Examples.
      inputs: Inputs of `predict`: a tensor for each feature.
    """

    def __init__(self, examples: Sequence[bytes], inputs: Mapping[str, tf.TensorSpec]):
        columns = ExamplesToRecordBatchDecoder().DecodeBatch(list(examples)).to_pydict()
        missing = [None] * len(examples)
        self._examples = examples
        self._columns = {
            feature: _values(feature, columns.get(feature.name, missing))
            for feature in (
                Feature(name, spec.dtype == tf.string, spec.shape.rank == 2)
                for name, spec in inputs.items()
            )
        }

    def requests(self, model: str, signature: str, size: int) -> list[Any]:
        """Returns PredictRequests for all rows, of `size` rows each."""
        return [
            self._request(Target(model), signature, slice(start, start + size))
            for start in range(0, len(self._examples), size)
        ]

    def _request(self, target: Target, signature: str, rows: slice) -> Any:
        examples = self._examples[rows]
        if signature == PREDICT:
            columns = {key: values[rows] for key, values in self._columns.items()}
            return predict_request(target, "tensors", Columns(len(examples), columns))
        # As they are: the server is to parse what the pipeline has written.
        request = messages.PredictRequest(
            model_spec=target.spec(signature), output_filter=[PROBABILITY]
        )
        tensor = request.inputs[EXAMPLES]
        tensor.dtype = messages.DT_STRING
        tensor.tensor_shape.dim.add(size=len(examples))
        tensor.string_val.extend(examples)
        return request


def read_examples(split_uri: str, most: int) -> list[bytes]:
    """Returns at most `most` serialized tf.Examples of a split, the first ones."""
    records = tf.data.TFRecordDataset(shards_in(split_uri), "GZIP").take(most)
    return list(records.as_numpy_iterator())


def write_warm_up(requests: Sequence[Any], folder: str) -> None:
    """Writes requests, if there are any, into the folder of the blessing."""
    if not requests:
        return
    with tf.io.TFRecordWriter(_path(folder)) as writer:
        for request in requests:
            log = prediction_log_pb2.PredictionLog()
            log.predict_log.request.ParseFromString(request.SerializeToString())
            writer.write(log.SerializeToString())


def find_warm_up(folder: str) -> str:
    """Returns the file of the requests in the folder of a blessing; empty for none."""
    path = _path(folder)
    return path if fileio.exists(path) else ""


def _path(folder: str) -> str:
    return os.path.join(folder, os.path.basename(WARM_UP_FILE))


def _values(feature: Feature, column: Sequence[list[Any] | None]) -> list[Any]:
    if feature.many:
        return [values or [] for values in column]
    missing = b"" if feature.is_text else math.nan
    return [values[0] if values else missing for values in column]
