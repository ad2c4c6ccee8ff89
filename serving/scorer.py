"""Scoring of rows by an exported model in this process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from tensorflow.core.protobuf import meta_graph_pb2
from tensorflow.python.tools import saved_model_utils

from config.signatures import (
    ATTENTION,
    PREDICT,
    PROBABILITY,
    SERVING_DEFAULT,
    TRANSFORM_FEATURES,
)

_BATCH = 8192


def raw_features(saved_model: str) -> dict[str, tf.TensorSpec]:
    """Returns the inputs of `predict`: the spec of each raw feature's tensor.

    The name of a spec is that of the function's argument.

    Raises:
      KeyError: The model has no signature `predict`.
    """
    graph = saved_model_utils.get_meta_graph_def(saved_model, tf.saved_model.SERVING)
    signatures = dict(graph.signature_def)  # protobuf would add a missing one
    return {
        name: tf.TensorSpec(info.tensor_shape, info.dtype, _argument(info))
        for name, info in signatures[PREDICT].inputs.items()
    }


def exported_by(saved_model: str) -> str:
    """Returns the version of the TensorFlow that exported a model."""
    graph = saved_model_utils.get_meta_graph_def(saved_model, tf.saved_model.SERVING)
    version: str = graph.meta_info_def.tensorflow_version
    return version


def _argument(info: meta_graph_pb2.TensorInfo) -> str:
    """Returns the argument of the function `predict` for one of its inputs.

    TensorFlow names the placeholder of an input after signature and argument
    (`tensorflow/python/saved_model/save.py`).
    """
    name: str = info.name
    return name.removeprefix(f"{PREDICT}_").removesuffix(":0")


class Scorer:
    """A SavedModel, loaded to score rows.

    Attributes:
      inputs: Spec of each raw feature's tensor.
    """

    def __init__(self, saved_model: str):
        # Signatures hold their model weakly.
        self._model = tf.saved_model.load(saved_model)
        self.inputs: Mapping[str, tf.TensorSpec] = raw_features(saved_model)

    def probabilities(
        self, columns: Mapping[str, npt.NDArray[np.generic]]
    ) -> npt.NDArray[np.float32]:
        """Returns the click probability of each row, float32 [rows].

        Args:
          columns: Raw features, float32 or bytes [rows]; multi-valued ones bytes
            [rows, values], padded with b"".
        """
        (rows,) = {len(column) for column in columns.values()}
        batches = [
            self._outputs(PREDICT, columns, slice(start, start + _BATCH))[PROBABILITY]
            for start in range(0, rows, _BATCH)
        ]
        return np.concatenate(batches)

    def attention(
        self, columns: Mapping[str, npt.NDArray[np.generic]]
    ) -> dict[str, npt.NDArray[np.float32]]:
        """Returns the attention weights of the items of each sequence, by its column.

        They are float32 [rows, items], in the order of the items, 0 behind the last.
        A model without attention has none.

        Args:
          columns: Raw features, as those of `probabilities`.
        """
        if ATTENTION not in self._model.signatures:
            return {}
        return self._outputs(ATTENTION, columns, slice(None))

    def probabilities_of_examples(
        self, examples: Sequence[bytes]
    ) -> npt.NDArray[np.float32]:
        """Returns the probabilities of serialized tf.Examples, float32 [examples]."""
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
        """Returns transformed columns of serialized tf.Examples, [examples, ...]."""
        transform = self._model.signatures[TRANSFORM_FEATURES]
        columns = transform(examples=tf.constant(examples, tf.string))
        return {name: column.numpy() for name, column in columns.items()}

    def _outputs(
        self,
        signature: str,
        columns: Mapping[str, npt.NDArray[np.generic]],
        rows: slice,
    ) -> dict[str, npt.NDArray[np.float32]]:
        tensors = {
            spec.name: tf.constant(columns[name][rows])
            for name, spec in self.inputs.items()
        }
        outputs = self._model.signatures[signature](**tensors)
        return {name: np.asarray(output) for name, output in outputs.items()}
