"""Gradient clipping that leaves sparse gradients sparse."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from trainer.optimizers.sparse import Gradient, sum_of_rows


def clip_by_norm(gradients: Sequence[Gradient], clip_norm: float) -> list[Gradient]:
    """Scales the gradients of a step down to a global norm.

    The norm is that of the whole batch: the gradients of a row are summed over its
    lookups and over the replicas. `tf.clip_by_global_norm` takes each lookup for a row
    of its own, and the share of one replica for the whole.

    >>> (clipped,) = clip_by_norm([tf.constant([3.0, 4.0])], clip_norm=1.0)
    >>> [round(float(value), 2) for value in clipped]
    [0.6, 0.8]

    Args:
      gradients: Gradients of this replica.
      clip_norm: Maximum global norm.

    Returns:
      The gradients, those of lookups as `tf.IndexedSlices`.
    """
    replica = tf.distribute.get_replica_context()
    totals = replica.all_reduce(tf.distribute.ReduceOp.SUM, list(gradients))
    norm = tf.linalg.global_norm([_summed(total) for total in totals])
    factor = clip_norm / tf.maximum(norm, clip_norm)
    return [_scaled(gradient, factor) for gradient in gradients]


def _summed(gradient: Gradient) -> tf.Tensor:
    if isinstance(gradient, tf.IndexedSlices):
        return sum_of_rows(gradient)[1]
    return gradient


def _scaled(gradient: Gradient, factor: tf.Tensor) -> Gradient:
    if isinstance(gradient, tf.IndexedSlices):
        return tf.IndexedSlices(
            gradient.values * factor, gradient.indices, gradient.dense_shape
        )
    return gradient * factor
