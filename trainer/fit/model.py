"""Keras models that train on one device or on several, with the same result.

Each replica of a distributed model takes its slice of every batch, so all replicas
together take the steps that one would take.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf


class ClassifierModel(keras.Model):
    """A model whose metrics are computed at the end of an epoch, not in each batch.

    Keras computes the results of all metrics in each step, shows them in a progress bar
    and reads the metrics again at the end of an epoch; here only the latter is left.
    """

    def get_metrics_result(self) -> dict[str, Any]:
        """Returns the results by name; inside of a step zeros, which nobody reads."""
        results: dict[str, Any] = super().get_metrics_result()
        if tf.executing_eagerly():
            return results
        # TensorFlow prunes what computes the results.
        return dict.fromkeys(results, 0.0)


class DistributedModel(ClassifierModel):
    """A model that has a replica on each device of a distribution strategy.

    Its variables, metrics and optimizer are made in the scope of the strategy, the
    model itself is not: to Keras it looks like any other, and `fit` takes the same
    dataset, on each worker. What Keras does in such a scope needs batches that can be
    divided evenly, and fails with MultiWorkerMirroredStrategy.
    """

    train_function: Callable[[Any], Any] | None
    test_function: Callable[[Any], Any] | None

    def __init__(self, strategy: tf.distribute.Strategy, *args: Any, **kwargs: Any):
        """Builds the model, from inputs and outputs."""
        super().__init__(*args, **kwargs)
        self._replicas = strategy

    def make_train_function(self, force: bool = False) -> None:
        """Makes what `fit` calls for each batch."""
        if self.train_function is None or force:
            self.train_function = self._on_replicas(self.train_step)

    def make_test_function(self, force: bool = False) -> None:
        """Makes what `evaluate` calls for each batch."""
        if self.test_function is None or force:
            self.test_function = self._on_replicas(self.test_step)

    def _on_replicas(self, step: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """A function that takes the next batch, and each replica a step with its part.

        Of its results Keras wants the names only; it reads the metrics themselves at
        the end of an epoch.
        """
        names: dict[str, float] = {}

        def take_step(batches: tf.data.Iterator) -> None:
            batch = batches.get_next()
            self._replicas.run(lambda: step(_part_of_replica(batch)))

        compiled = tf.function(take_step, autograph=False)

        def take_step_and_name(batches: tf.data.Iterator) -> dict[str, float]:
            compiled(batches)
            if not names:
                names.update(dict.fromkeys(self.get_metrics_result(), 0.0))
            return names

        return take_step_and_name


def _part_of_replica(batch: Any) -> Any:
    """The part of a batch for the current replica; parts differ by at most one."""
    context = tf.distribute.get_replica_context()
    number = tf.cast(context.replica_id_in_sync_group, tf.int64)
    size = tf.shape(tf.nest.flatten(batch)[0], out_type=tf.int64)[0]
    start = size * number // context.num_replicas_in_sync
    end = size * (number + 1) // context.num_replicas_in_sync
    return tf.nest.map_structure(lambda tensor: tensor[start:end], batch)
