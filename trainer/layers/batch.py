"""The size of a batch that several replicas share."""

from __future__ import annotations

import tensorflow as tf


def examples_per_replica(tensor: tf.Tensor) -> tf.Tensor:
    """How many examples of the whole batch there are for each replica: float32 [].

    Keras makes the loss of a batch the mean over the replicas. With a sum divided by
    this, it is the mean over the examples, even if a replica has one less than
    another, or none.

    Args:
      tensor: [batch, ...], this replica's part of the batch.
    """
    size = tf.cast(tf.shape(tensor)[0], tf.float32)
    replica = tf.distribute.get_replica_context()
    # There is none while a model is built, only traced, for a distribution strategy.
    return size if replica is None else replica.all_reduce("MEAN", size)
