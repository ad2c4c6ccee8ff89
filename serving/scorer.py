"""Scores rows by an exported model, in this process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from pipeline.signatures import (
    PREDICT,
    PROBABILITY,
    SERVING_DEFAULT,
    TRANSFORM_FEATURES,
)

_BATCH = 8192


class Scorer:
    """The signature `predict` of a SavedModel.

    Attributes:
      inputs: What it takes: a tensor for each raw feature.
    """

    def __init__(self, saved_model: str):
        """Loads a SavedModel."""
        # Kept, since signatures hold their model weakly.
        self._model = tf.saved_model.load(saved_model)
        self._predict = self._model.signatures[PREDICT]
        _, inputs = self._predict.structured_input_signature
        self.inputs: Mapping[str, tf.TensorSpec] = inputs

    def probabilities(
        self, columns: Mapping[str, npt.NDArray[np.generic]]
    ) -> npt.NDArray[np.float32]:
        """The probability of a click for each row, float32 [rows].

        Args:
          columns: The raw features, an element for each row: float32, or bytes; a
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
        """The same by `serving_default`, float32 [examples].

        Args:
          examples: Serialised tf.Examples.
        """
        serve = self._model.signatures[SERVING_DEFAULT]
        batches = [
            serve(examples=tf.constant(examples[start : start + _BATCH], tf.string))
            for start in range(0, len(examples), _BATCH)
        ]
        return np.concatenate([each[PROBABILITY].numpy() for each in batches])

    @property
    def features(self) -> frozenset[str]:
        """The raw features that it takes."""
        return frozenset(self.inputs)

    def transformed(
        self, examples: Sequence[bytes]
    ) -> dict[str, npt.NDArray[np.generic]]:
        """The columns that examples become, an element for each example.

        Args:
          examples: Serialised tf.Examples.
        """
        transform = self._model.signatures[TRANSFORM_FEATURES]
        columns = transform(examples=tf.constant(examples, tf.string))
        return {name: column.numpy() for name, column in columns.items()}

    def _score(
        self, columns: Mapping[str, npt.NDArray[np.generic]], rows: slice
    ) -> npt.NDArray[np.float32]:
        tensors = {name: tf.constant(columns[name][rows]) for name in self.features}
        scores: npt.NDArray[np.float32] = self._predict(**tensors)[PROBABILITY]
        return np.asarray(scores)
