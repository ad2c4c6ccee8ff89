"""Devices and processes of a distributed training; see `trainer.fit.model`."""

from __future__ import annotations

import contextlib
import json
import os

import tensorflow as tf

from config.errors import ConfigError
from config.ports import bind, port_of
from config.training import Distribution

# TensorFlow's variable with the addresses of all workers and the index of this one.
TF_CONFIG = "TF_CONFIG"


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
