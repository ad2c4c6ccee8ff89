"""Rows of the eval split, as the signatures of a model take them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2
from tfx.utils import io_utils
from tfx_bsl.coders.example_coder import ExamplesToRecordBatchDecoder

from config.signatures import EXAMPLES, PREDICT, SERVING_DEFAULT

Tensor = npt.NDArray[np.generic]

SIGNATURES = (SERVING_DEFAULT, PREDICT)


class Rows:
    """Rows in both forms."""

    def __init__(self, examples: Sequence[bytes], inputs: Mapping[str, tf.TensorSpec]):
        """Takes the features out of the examples.

        Args:
          examples: Serialised tf.Examples.
          inputs: Inputs of `predict`: a tensor for each feature.
        """
        columns = ExamplesToRecordBatchDecoder().DecodeBatch(list(examples)).to_pydict()
        nothing = [None] * len(examples)
        self._size = len(examples)
        self._inputs = {
            SERVING_DEFAULT: {EXAMPLES: np.array(examples, object)},
            PREDICT: {
                name: _tensor(columns.get(name, nothing), spec)
                for name, spec in inputs.items()
            },
        }

    def requests(
        self, model: str, signature: str, size: int
    ) -> list[predict_pb2.PredictRequest]:
        """The requests that ask for all rows.

        Args:
          model: Name of the model.
          signature: `serving_default` or `predict`.
          size: Rows of a request.
        """
        return [
            self._request(model, signature, slice(start, start + size))
            for start in range(0, self._size, size)
        ]

    def _request(
        self, model: str, signature: str, rows: slice
    ) -> predict_pb2.PredictRequest:
        request = predict_pb2.PredictRequest()
        request.model_spec.name = model
        request.model_spec.signature_name = signature
        for name, tensor in self._inputs[signature].items():
            request.inputs[name].CopyFrom(tf.make_tensor_proto(tensor[rows]))
        return request


def read_examples(split_uri: str, most: int) -> list[bytes]:
    """The first rows of a split, as serialised tf.Examples.

    Args:
      split_uri: Folder of the split.
      most: Maximum number of rows.
    """
    files = tf.io.gfile.glob(io_utils.all_files_pattern(split_uri))
    records = tf.data.TFRecordDataset(sorted(files), "GZIP").take(most)
    return list(records.as_numpy_iterator())


def _tensor(
    values: Sequence[list[bytes | float] | None], spec: tf.TensorSpec
) -> Tensor:
    """A feature of all rows; what is missing is NaN, or an empty text."""
    if spec.dtype == tf.float32:
        return np.array([each[0] if each else np.nan for each in values], np.float32)
    if spec.shape.rank == 1:
        return np.array([each[0] if each else b"" for each in values], object)
    # The first place stays empty, as docs/serving.md says why.
    width = max(len(each or ()) for each in values) + 1
    tensor = np.full((len(values), width), b"", object)
    for row, each in zip(tensor, values, strict=True):
        if each:
            row[-len(each) :] = each
    return tensor
