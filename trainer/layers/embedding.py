"""Tables of vectors that are looked up by id."""

from __future__ import annotations

from typing import Any, Literal

import keras
import tensorflow as tf

from config.columns import MISSING_ID
from trainer.layers.batch import examples_per_replica

Pooling = Literal["mean", "sum", "sqrtn"]


class PooledEmbedding(keras.layers.Layer):
    """Looks ids up, and pools the vectors of a multi-valued column.

    Maps int64 [batch] to float32 [batch, size]; int64 [batch, values] is pooled over
    the values that are not padding, and an example without any gets the vector of a
    missing value.

    Keras's own Embedding reads the table as a whole, so that an optimizer that updates
    it in place must copy it first; see `trainer.optimizers.sparse`.
    """

    def __init__(
        self,
        column: str,
        num_ids: int,
        size: int,
        *,
        pooling: Pooling = "mean",
        initializer: str = "uniform",
        l2: float = 0.0,
        **kwargs: Any,
    ):
        """Builds the layer.

        Args:
          column: Name of the column of ids.
          num_ids: Number of rows of the table.
          size: Length of its vectors.
          pooling: How the vectors of an example are pooled; `sqrtn` divides their sum
            by the square root of their number.
          initializer: Keras name of the table's initial values.
          l2: Strength of L2 on the vectors that an example looks up, so that rows that
            a batch does not use are left alone.
          **kwargs: Passed to the base layer.
        """
        super().__init__(**kwargs)
        self.column = column
        self._shape = (num_ids, size)
        self._pooling = pooling
        self._initializer = initializer
        self._l2 = l2

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes the table."""
        del input_shape
        self.table = self.add_weight(
            shape=self._shape, initializer=self._initializer, name="table"
        )

    def call(self, ids: tf.Tensor) -> tf.Tensor:
        """Looks the ids up."""
        vectors = tf.nn.embedding_lookup(self.table.value, ids)
        if len(ids.shape) == 1:
            self._penalise(vectors)
            return vectors
        present = tf.cast(tf.not_equal(ids, MISSING_ID), vectors.dtype)
        vectors *= tf.expand_dims(present, 2)
        self._penalise(vectors)
        return self._pooled(vectors, tf.reduce_sum(present, axis=1, keepdims=True))

    def _penalise(self, vectors: tf.Tensor) -> None:
        """Adds the L2 of the vectors of an example, in the mean of the batch."""
        if self._l2:
            total = tf.reduce_sum(tf.square(vectors))
            self.add_loss(self._l2 * total / examples_per_replica(vectors))

    def _pooled(self, vectors: tf.Tensor, count: tf.Tensor) -> tf.Tensor:
        total = tf.reduce_sum(vectors, axis=1)
        missing = tf.nn.embedding_lookup(self.table.value, [MISSING_ID])
        return tf.where(count > 0, total / self._divisor(count), missing)

    def _divisor(self, count: tf.Tensor) -> tf.Tensor:
        at_least_one = tf.maximum(count, 1.0)
        match self._pooling:
            case "sum":
                return tf.ones_like(count)
            case "sqrtn":
                return tf.sqrt(at_least_one)
        return at_least_one
