"""Scores rows by an exported model, in this process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from tensorflow.core.protobuf import meta_graph_pb2
from tensorflow.python.tools import saved_model_utils

from config.signatures import (
    PREDICT,
    PROBABILITY,
    SERVING_DEFAULT,
    TRANSFORM_FEATURES,
)

_BATCH = 8192


def raw_features(saved_model: str) -> dict[str, tf.TensorSpec]:
    """Reads what `predict` takes: a tensor for each raw feature, by its name.

    A tensor's own name is that of an argument of the function.

    Args:
      saved_model: Directory of a SavedModel.

    Raises:
      KeyError: The model has no such signature.
    """
    graph = saved_model_utils.get_meta_graph_def(saved_model, tf.saved_model.SERVING)
    signatures = dict(graph.signature_def)  # protobuf would add what is not there
    return {
        name: tf.TensorSpec(info.tensor_shape, info.dtype, _argument(info))
        for name, info in signatures[PREDICT].inputs.items()
    }


def _argument(info: meta_graph_pb2.TensorInfo) -> str:
    """The argument of the function `predict` for one of its inputs.

    TensorFlow names the placeholder of an input after signature and argument
    (`tensorflow/python/saved_model/save.py`).
    """
    name: str = info.name
    return name.removeprefix(f"{PREDICT}_").removesuffix(":0")


class Scorer:
    """The signature `predict` of a SavedModel.

    Attributes:
      inputs: Spec of the tensor of each raw feature.
    """

    def __init__(self, saved_model: str):
        """Loads a SavedModel."""
        # Kept, since signatures hold their model weakly.
        self._model = tf.saved_model.load(saved_model)
        self._predict = self._model.signatures[PREDICT]
        self.inputs: Mapping[str, tf.TensorSpec] = raw_features(saved_model)

    def probabilities(
        self, columns: Mapping[str, npt.NDArray[np.generic]]
    ) -> npt.NDArray[np.float32]:
        """Returns the probability of a click for each row, float32 [rows].

        Args:
          columns: The raw features, one element per row: float32, or bytes; a
            multi-valued feature has a second dimension, padded with b"".
        """
        (rows,) = {len(column) for column in columns.values()}
        batches = [
            self._score(columns, slice(start, start + _BATCH))
            for start in range(0, rows, _BATCH)
        ]
        return np.concatenate(batches)

    def probabilities_of_examples(
        self, examples: Sequence[bytes]
    ) -> npt.NDArray[np.float32]:
        """Returns the probabilities by `serving_default`, float32 [examples].

        Args:
          examples: Serialized tf.Examples.
        """
        serve = self._model.signatures[SERVING_DEFAULT]
        batches = [
            serve(examples=tf.constant(examples[start : start + _BATCH], tf.string))
            for start in range(0, len(examples), _BATCH)
        ]
        return np.concatenate([each[PROBABILITY].numpy() for each in batches])

    @property
    def features(self) -> frozenset[str]:
        """Names of the raw features."""
        return frozenset(self.inputs)

    def transformed(
        self, examples: Sequence[bytes]
    ) -> dict[str, npt.NDArray[np.generic]]:
        """Returns the transformed columns, one element per example.

        Args:
          examples: Serialized tf.Examples.
        """
        transform = self._model.signatures[TRANSFORM_FEATURES]
        columns = transform(examples=tf.constant(examples, tf.string))
        return {name: column.numpy() for name, column in columns.items()}

    def _score(
        self, columns: Mapping[str, npt.NDArray[np.generic]], rows: slice
    ) -> npt.NDArray[np.float32]:
        tensors = {
            spec.name: tf.constant(columns[name][rows])
            for name, spec in self.inputs.items()
        }
        scores: npt.NDArray[np.float32] = self._predict(**tensors)[PROBABILITY]
        return np.asarray(scores)
