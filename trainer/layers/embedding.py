"""Embedding tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from config.columns import MISSING_ID
from trainer.layers.batch import examples_per_replica

Pooling = Literal["mean", "sum", "sqrtn"]


class PooledEmbedding(keras.layers.Layer):
    """Embedding of a column of ids, pooled where an example has several.

    Use it in place of `keras.layers.Embedding` for tables that the optimizers of
    `trainer.optimizers.sparse` train: Keras's layer reads the table as a whole, so that
    an update in place has to copy it first.

    >>> layer = PooledEmbedding("city", num_ids=100, size=4)
    >>> layer(tf.constant([7, 8])).shape
    TensorShape([2, 4])
    >>> layer(tf.constant([[7, 8], [9, 0]])).shape  # 0 is padding
    TensorShape([2, 4])

    Input: int64 [batch], or int64 [batch, values] with the id of a missing value as
    padding. Output: float32 [batch, size]; an example without any value gets the
    vector of a missing value. Unless they are to be pooled, the vectors of the values
    of an example are behind that of a missing one: float32 [batch, 1 + values, size].
    """

    def __init__(
        self,
        column: str,
        num_ids: int,
        size: int,
        *,
        shared_by: Sequence[str] = (),
        pooling: Pooling = "mean",
        initializer: str = "uniform",
        l2: float | npt.NDArray[np.float64] = 0.0,
        **kwargs: Any,
    ):
        """Builds the layer.

        Args:
          column: Name of the column of ids.
          num_ids: Number of rows of the table.
          size: Length of its vectors.
          shared_by: Names of further columns with the same ids that it is called on.
          pooling: `mean`, `sum`, or `sqrtn`: the sum divided by the square root of the
            number of values. Defaults to `mean`.
          initializer: Keras name of the initializer of the table. Defaults to
            `uniform`.
          l2: Strength of L2 regularisation of the vectors that an example looks up in
            training: one for all, or one for each row, [num_ids]. Defaults to 0.
          **kwargs: Passed to the base layer.
        """
        super().__init__(**kwargs)
        self.column = column
        self.columns = (column, *shared_by)
        self._shape = (num_ids, size)
        self._pooling = pooling
        self._initializer = initializer
        strengths = np.broadcast_to(np.float32(l2), num_ids)
        self._l2 = tf.constant(strengths) if strengths.any() else None

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Creates the table."""
        del input_shape
        self.table = self.add_weight(
            shape=self._shape, initializer=self._initializer, name="table"
        )

    def call(
        self, ids: tf.Tensor, training: bool = False, pooled: bool = True
    ) -> tf.Tensor:
        """Returns the vectors of the ids, those of lists pooled or one by one."""
        if not pooled:
            ids = tf.pad(ids, [[0, 0], [1, 0]], constant_values=MISSING_ID)
        vectors = tf.nn.embedding_lookup(self.table.value, ids)
        if len(ids.shape) == 1:
            present = tf.ones_like(ids, vectors.dtype)
        else:
            present = tf.cast(tf.not_equal(ids, MISSING_ID), vectors.dtype)
        if training and self._l2 is not None:
            squares = tf.reduce_sum(tf.square(vectors), axis=-1) * present
            total = tf.reduce_sum(tf.gather(self._l2, ids) * squares)
            self.add_loss(total / examples_per_replica(vectors))
        if len(ids.shape) == 1 or not pooled:
            return vectors
        return self._pooled(vectors, present)

    def _pooled(self, vectors: tf.Tensor, present: tf.Tensor) -> tf.Tensor:
        """Pools the vectors of the values that are present, 1 or 0 each."""
        vectors *= tf.expand_dims(present, 2)
        count = tf.reduce_sum(present, axis=1, keepdims=True)
        total = tf.reduce_sum(vectors, axis=1)
        missing = tf.nn.embedding_lookup(self.table.value, [MISSING_ID])
        if self._pooling != "sum":
            total /= self._divisor(count)
        return tf.where(count > 0, total, missing)

    def _divisor(self, count: tf.Tensor) -> tf.Tensor:
        at_least_one = tf.maximum(count, 1.0)
        return tf.sqrt(at_least_one) if self._pooling == "sqrtn" else at_least_one
