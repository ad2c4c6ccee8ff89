"""Gradient clipping that leaves sparse gradients sparse."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from trainer.optimizers.sparse import Gradient, sum_of_rows


def clip_by_norm(gradients: Sequence[Gradient], most: float) -> list[Gradient]:
    """Scales the gradients of a step down to a norm of all of them together.

    It is the norm of the gradients of the whole batch: a row of a table counts with the
    sum of its gradients, however often and by whichever replica it is looked up.
    `tf.clip_by_global_norm` would take each lookup for a row of its own, and the share
    of one replica for the whole.

    Args:
      gradients: Those of this replica.
      most: The norm that they may have.
    """
    replica = tf.distribute.get_replica_context()
    totals = replica.all_reduce(tf.distribute.ReduceOp.SUM, list(gradients))
    norm = tf.linalg.global_norm([_summed(total) for total in totals])
    factor = most / tf.maximum(norm, most)
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
