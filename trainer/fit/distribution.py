"""Training on several devices or machines, with the result of training on one.

Each replica of the model takes its slice of every batch, so all replicas together take
the steps that one would take.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from config.errors import ConfigError
from config.ports import bind, port_of
from config.training import Distribution
from trainer.fit.metrics import ClassifierModel

# TensorFlow's variable with the addresses of all workers and the index of this one.
TF_CONFIG = "TF_CONFIG"


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


def make_strategy(
    distribution: Distribution | None,
) -> tf.distribute.Strategy | None:
    """The strategy that is configured, if any.

    To be called before TensorFlow does anything else in this process.

    Raises:
      ConfigError: There are fewer devices than replicas.
    """
    if distribution is None:
        return None
    if distribution.strategy == "multi_worker":
        return tf.distribute.MultiWorkerMirroredStrategy()
    return tf.distribute.MirroredStrategy(_devices(distribution.replicas))


def _devices(replicas: int | None) -> list[str]:
    """Returns that many GPUs, or parts of the CPU where there is no GPU."""
    gpus = len(tf.config.list_physical_devices("GPU"))
    wanted = replicas or max(gpus, 1)
    if gpus:
        if wanted > gpus:
            raise ConfigError(
                f"training.distribution.replicas: got {wanted}; this machine has "
                f"{gpus} GPUs"
            )
        return [f"GPU:{number}" for number in range(wanted)]
    (cpu,) = tf.config.list_physical_devices("CPU")
    parts = [tf.config.LogicalDeviceConfiguration() for _ in range(wanted)]
    tf.config.set_logical_device_configuration(cpu, parts)
    return [f"CPU:{number}" for number in range(wanted)]


def is_chief(strategy: tf.distribute.Strategy | None) -> bool:
    """Returns True in the one worker that exports the model."""
    resolver = None if strategy is None else strategy.cluster_resolver
    if resolver is None:
        return True
    chief = "chief" if "chief" in resolver.cluster_spec().jobs else "worker"
    return bool(resolver.task_type == chief and resolver.task_id == 0)


def worker_configs(distribution: Distribution | None) -> list[str | None]:
    """TF_CONFIG of each worker process to start; None to keep the environment's.

    Raises:
      ConfigError: There are several workers, but nothing says which.
    """
    if distribution is None or distribution.strategy != "multi_worker":
        return [None]
    if TF_CONFIG in os.environ:
        return [None]
    if distribution.replicas is None:
        raise ConfigError(
            "training.distribution: 'multi_worker' wants the environment variable "
            "TF_CONFIG, which names the workers; or give 'replicas', and so many start "
            "on this machine"
        )
    workers = [f"localhost:{port}" for port in _free_ports(distribution.replicas)]
    return [
        json.dumps(
            {
                "cluster": {"worker": workers},
                "task": {"type": "worker", "index": index},
            }
        )
        for index in range(len(workers))
    ]


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(bind("localhost")) for _ in range(count)]
        return [port_of(each) for each in sockets]
