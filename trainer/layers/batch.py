"""Batches that are divided among replicas."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

# Keras's 0.99 takes some 300 steps to forget the initial mean and variance: with few
# examples, an epoch has five.
_NORM_MOMENTUM = 0.9


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


def batch_norm(name: str, **settings: Any) -> keras.layers.Layer:
    """Builds a batch norm over the whole batch.

    >>> batch_norm("norm")(tf.ones([2, 8])).shape
    TensorShape([2, 8])
    """
    # On one device the statistics are the same without synchronisation, and more exact.
    shared = tf.distribute.has_strategy()
    return keras.layers.BatchNormalization(
        momentum=_NORM_MOMENTUM, synchronized=shared, name=name, **settings
    )
