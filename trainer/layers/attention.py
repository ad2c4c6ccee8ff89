"""Attention over a sequence by the target."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from config.columns import MISSING_ID

# Positions in a sequence, from the most recent item: of the first eight each has a row
# of its own, of later ones those that are about as far away share one. The last row is
# reached after 50,000 items.
_STEPS_PER_DOUBLING = 4
_POSITIONS = 64


class AttentionPooling(keras.layers.Layer):
    """Sum of the vectors of a sequence, weighted by the target (Zhou et al. 2018).

        pooled = sum over j of g_j a(t, e_j) e_j
        a(t, e) = w . MLP([t, e, t - e, t * e]) + b

    a is the local activation unit of Deep Interest Network (section 4.3), with PReLU:
    how much a past item e counts for the target t. g is learned for each position,
    counted from the most recent item, and not in the paper: without it a sequence is a
    set, and an interest of long ago counts as much as the last. It is 1 at first. The
    weights do not sum to 1, so that the length of what is pooled tells how strong an
    interest is, unless they are the `softmax` of a(t, e_j) + g_j. Use it where it
    depends on the target which past items matter.

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
        self.positions = self.add_weight(
            shape=(_POSITIONS,), initializer="ones", name="positions"
        )

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
        first, *others = self._unit
        scores = self._first_layer(first, target, items)
        for layer in others:
            scores = layer(scores)
        return tf.squeeze(scores, axis=2)

    def _first_layer(
        self, layer: keras.layers.Dense, target: tf.Tensor, items: tf.Tensor
    ) -> tf.Tensor:
        """Applies a layer to [t, e, t - e, t * e] of each item e, without building it.

        With a part of the kernel for each of the four,
        t K1 + e K2 + (t - e) K3 + (t * e) K4 = t (K1 + K3) + e (K2 - K3 + diag(t) K4).
        """
        of_t, of_e, of_difference, of_product = tf.split(layer.kernel.value, 4)
        of_items = of_e - of_difference + target[:, :, tf.newaxis] * of_product
        of_target = tf.matmul(target, of_t + of_difference) + layer.bias.value
        return tf.matmul(items, of_items) + of_target[:, tf.newaxis]

    def _weights(self, scores: tf.Tensor, present: tf.Tensor) -> tf.Tensor:
        of_positions = tf.nn.embedding_lookup(self.positions.value, _positions(present))
        if self._softmax:
            scores = tf.where(present, scores + of_positions, scores.dtype.min)
            weights = keras.ops.softmax(scores)
        else:
            weights = scores * of_positions
        return tf.where(present, weights, 0.0)


def _positions(present: tf.Tensor) -> tf.Tensor:
    """Rows for the positions of items: int32 [batch, items], 0 for the most recent."""
    ones = tf.cast(present, tf.float32)
    after = tf.math.cumsum(ones, axis=1, exclusive=True, reverse=True)
    doublings = tf.math.log(1.0 + after) / math.log(2.0)
    rows = tf.cast(tf.round(_STEPS_PER_DOUBLING * doublings), tf.int32)
    return tf.minimum(rows, _POSITIONS - 1)
