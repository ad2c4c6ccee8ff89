"""What can be compiled, and yet will hardly run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from pipeline.config import Config
from pipeline.config.beam import has_own_workers


def doubts(config: Config) -> Iterator[str]:
    """One line each for a person.

    None is an error, since a cluster may mount volumes by itself, and workers of Beam
    may be in the pod of the task.
    """
    folder = config.kubeflow.artifacts
    if folder is None:
        if has_own_workers(config.beam):
            yield (
                f"kubeflow.artifacts: this key is missing; workers of "
                f"{config.beam['runner']} read and write artifacts themselves, and do "
                "not see those that Kubeflow copies into the pod of a task: name a "
                "folder that all tasks and workers share"
            )
    elif folder.startswith("/") and not _is_mounted(config, folder):
        yield (
            f"kubeflow.artifacts: {folder} is on no volume that all tasks have: unless "
            "the cluster itself mounts one there, none finds what another wrote; add "
            "its volume to kubeflow.tasks.volumes"
        )


def _is_mounted(config: Config, folder: str) -> bool:
    volumes = (config.kubeflow.models, *config.kubeflow.tasks.volumes)
    return any(PurePosixPath(folder).is_relative_to(each.path) for each in volumes)
