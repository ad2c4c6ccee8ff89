"""What can be compiled, and yet will hardly run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from config.beam import has_own_workers
from config.kubeflow import Volume
from config.root import Config


def doubts(config: Config) -> Iterator[str]:
    """One line each for a person.

    None is an error, since a cluster may mount volumes by itself, and workers of Beam
    may be in the pod of the task.
    """
    yield from _artifacts(config)
    yield from _examples(config)


def _artifacts(config: Config) -> Iterator[str]:
    folder = config.kubeflow.artifacts
    if folder is None:
        if has_own_workers(config.beam):
            yield (
                f"kubeflow.artifacts: this key is missing; workers of "
                f"{config.beam['runner']} read and write artifacts themselves, and do "
                "not see those that Kubeflow copies into the pod of a task: name a "
                "folder that all tasks and workers share"
            )
    elif folder.startswith("/") and not _is_on(folder, _volumes_of_all(config)):
        yield (
            f"kubeflow.artifacts: {folder} is on no volume that all tasks have: unless "
            "the cluster itself mounts one there, none finds what another wrote; add "
            "its volume to kubeflow.tasks.volumes"
        )


def _examples(config: Config) -> Iterator[str]:
    root = config.examples.root
    volumes = list(_volumes_of_all(config))
    for task in config.kubeflow.components.values():
        volumes += task.volumes
    if "://" not in root and not _is_on(root, volumes):
        yield (
            f"examples.root: {root} is on no volume that a task has: unless the image "
            "or the cluster itself has it there, no examples are found; name a folder "
            "of kubeflow.tasks.volumes, or a URL, here or for each run by --param "
            "data=..."
        )


def _volumes_of_all(config: Config) -> tuple[Volume, ...]:
    return config.kubeflow.models, *config.kubeflow.tasks.volumes


def _is_on(folder: str, volumes: Iterable[Volume]) -> bool:
    return any(PurePosixPath(folder).is_relative_to(each.path) for each in volumes)
