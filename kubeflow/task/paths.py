"""Paths in a container: of released models, and of copies of objects."""

from __future__ import annotations

import os

from config.root import Config
from serving.releases.storage import is_in_object_store

# Folder of each scheme, as of `LocalPathForURI` in the launcher's source.
_FOLDERS = {"minio://": "minio/", "s3://": "s3/", "gs://": "gcs/"}

# Folder in place of the root directory where tasks run without containers.
ROOT_VARIABLE = "CTR_OBJECTS_ROOT"


def model_dir_of(config: Config) -> str:
    """Returns the directory of released models: a URL, or on `kubeflow.models`."""
    configured = config.release.model_dir
    if configured is not None and is_in_object_store(configured):
        return configured
    return os.path.join(config.kubeflow.models.path, config.name)


def local_path(uri: str) -> str:
    """Returns the path of an object's copy.

    TFX cannot read `minio://` and `s3://`; Kubeflow's launcher copies inputs before the
    task, and outputs after it.
    """
    for scheme, folder in _FOLDERS.items():
        if uri.startswith(scheme):
            return _copies(folder) + uri.removeprefix(scheme)
    raise ValueError(f"{uri}: not in an object store")


def uri_of(path: str) -> str:
    """Returns the URI of the object that a path is the copy of."""
    for scheme, folder in _FOLDERS.items():
        if path.startswith(_copies(folder)):
            return scheme + path.removeprefix(_copies(folder))
    raise ValueError(f"{path}: not a copy of an object")


def is_copy(path: str) -> bool:
    """Returns True for the path of a copy."""
    return any(path.startswith(_copies(folder)) for folder in _FOLDERS.values())


def _copies(folder: str) -> str:
    return os.path.join(os.environ.get(ROOT_VARIABLE, "/"), folder)
