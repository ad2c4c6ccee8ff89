"""Attention over a sequence by the target."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from config.columns import MISSING_ID


class AttentionPooling(keras.layers.Layer):
    """Sum of the vectors of a sequence, weighted by the target (Zhou et al. 2018).

        pooled = sum over j of a(t, e_j) e_j
        a(t, e) = w . MLP([t, e, t - e, t * e]) + b

    a is the local activation unit of Deep Interest Network (section 4.3), with PReLU:
    how much a past item e counts for the target t. The weights do not sum to 1 unless
    `softmax` normalises them, so that the length of what is pooled tells how strong an
    interest is. Use it where it depends on the target which past items matter.

    >>> layer = AttentionPooling([8])
    >>> vectors = tf.ones([2, 4, 16])
    >>> ids = tf.constant([[7, 8, 9], [7, 0, 0]])  # 0 is padding
    >>> pooled, weights = layer(tf.ones([2, 16]), vectors, ids)
    >>> pooled.shape, weights.shape
    (TensorShape([2, 16]), TensorShape([2, 3]))

    Inputs: the target, float32 [batch, size]; the vector of an empty sequence and those
    of the items, float32 [batch, 1 + items, size]; the ids of the items, int64
    [batch, items], with the id of a missing value as padding. Outputs: what is pooled,
    float32 [batch, size], of an empty sequence its vector; and the weights, float32
    [batch, items], 0 for padding.
    """

    def __init__(
        self,
        units: Sequence[int],
        *,
        softmax: bool = False,
        kernel_regularizer: keras.regularizers.Regularizer | None = None,
        **kwargs: Any,
    ):
        """Builds the layer.

        Args:
          units: Sizes of the hidden layers of the MLP.
          softmax: True for weights that sum to 1. Defaults to False.
          kernel_regularizer: Regularizer of the kernels of the MLP.
          **kwargs: Passed to the base layer.
        """
        super().__init__(**kwargs)
        self._softmax = softmax
        self._unit: list[keras.layers.Layer] = []
        for number, size in enumerate(units, start=1):
            name = f"hidden.{number}"
            dense = keras.layers.Dense(
                size, kernel_regularizer=kernel_regularizer, name=name
            )
            # A slope for each unit, whichever item it is.
            prelu = keras.layers.PReLU(shared_axes=[1], name=f"prelu.{number}")
            self._unit += [dense, prelu]
        score = keras.layers.Dense(
            1, kernel_regularizer=kernel_regularizer, name="score"
        )
        self._unit.append(score)

    def build(
        self, target_shape: tuple[Any, int], vectors_shape: Any, ids_shape: Any
    ) -> None:
        """Creates the weights of the MLP."""
        del vectors_shape, ids_shape
        size = 4 * target_shape[-1]
        for layer in self._unit:
            layer.build((None, None, size))
            size = getattr(layer, "units", size)

    def call(
        self, target: tf.Tensor, vectors: tf.Tensor, ids: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns what is pooled, and the weights."""
        empty, items = vectors[:, 0], vectors[:, 1:]
        present = tf.not_equal(ids, MISSING_ID)
        weights = self._weights(self._scores(target, items), present)
        pooled = tf.einsum("bi,bis->bs", weights, items)
        has_items = tf.reduce_any(present, axis=1, keepdims=True)
        return tf.where(has_items, pooled, empty), weights

    def _scores(self, target: tf.Tensor, items: tf.Tensor) -> tf.Tensor:
        targets = tf.broadcast_to(target[:, tf.newaxis], tf.shape(items))
        scores = tf.concat([targets, items, targets - items, targets * items], axis=2)
        for layer in self._unit:
            scores = layer(scores)
        return tf.squeeze(scores, axis=2)

    def _weights(self, scores: tf.Tensor, present: tf.Tensor) -> tf.Tensor:
        if self._softmax:
            scores = keras.ops.softmax(tf.where(present, scores, scores.dtype.min))
        return tf.where(present, scores, 0.0)
