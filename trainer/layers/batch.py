"""Size of a batch that is divided among replicas."""

from __future__ import annotations

import tensorflow as tf


def examples_per_replica(tensor: tf.Tensor) -> tf.Tensor:
    """Returns the mean number of examples of a replica, float32 [].

    Keras averages losses over the replicas. A sum over the examples of each replica,
    divided by this number, becomes the mean over the whole batch, even where one
    replica has fewer examples than another, or none.

    >>> float(examples_per_replica(tf.zeros([32, 8])))
    32.0

    Args:
      tensor: [batch, ...], this replica's part of the batch.
    """
    size = tf.cast(tf.shape(tensor)[0], tf.float32)
    replica = tf.distribute.get_replica_context()
    # None while a model is built, outside of a step, for a distribution strategy.
    return size if replica is None else replica.all_reduce("MEAN", size)
