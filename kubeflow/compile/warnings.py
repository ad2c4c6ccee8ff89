"""Warnings about configurations that compile but probably fail on a cluster."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from config.beam import has_own_workers
from config.kubeflow import Volume
from config.root import Config


def config_warnings(config: Config) -> Iterator[str]:
    """Yields one line per warning.

    They are not errors, since a cluster may mount volumes by itself, and workers of
    Beam may be in the pod of the task.
    """
    yield from _artifacts(config)
    yield from _examples(config)


def _artifacts(config: Config) -> Iterator[str]:
    folder = config.kubeflow.artifacts
    if folder is None:
        if has_own_workers(config.beam):
            yield (
                f"kubeflow.artifacts: this key is missing; workers of "
                f"{config.beam['runner']} cannot read artifacts that Kubeflow copies "
                "into the pod of a task; set a folder that all tasks and workers share"
            )
    elif folder.startswith("/") and not _is_on(folder, _volumes_of_all(config)):
        yield (
            f"kubeflow.artifacts: {folder} is not on a volume of all tasks; unless the "
            "cluster mounts one there, tasks do not find each other's outputs; add its "
            "volume to kubeflow.tasks.volumes"
        )


def _examples(config: Config) -> Iterator[str]:
    root = config.examples.root
    volumes = list(_volumes_of_all(config))
    for task in config.kubeflow.components.values():
        volumes += task.volumes
    if "://" not in root and not _is_on(root, volumes):
        yield (
            f"examples.root: {root} is not on a volume of a task; unless the image or "
            "the cluster has the folder, no examples are found; set a folder of "
            "kubeflow.tasks.volumes or a URL, here or for each run with --param "
            "data=..."
        )


def _volumes_of_all(config: Config) -> tuple[Volume, ...]:
    return config.kubeflow.models, *config.kubeflow.tasks.volumes


def _is_on(folder: str, volumes: Iterable[Volume]) -> bool:
    return any(PurePosixPath(folder).is_relative_to(each.path) for each in volumes)
