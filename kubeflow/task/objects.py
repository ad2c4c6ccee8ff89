"""Paths of the copies of objects that Kubeflow's launcher makes in a container."""

from __future__ import annotations

import os

# Folder of each scheme, as of `LocalPathForURI` in the launcher's source.
_FOLDERS = {"minio://": "minio/", "s3://": "s3/", "gs://": "gcs/"}

# Folder in place of the root directory where tasks run without containers.
ROOT_VARIABLE = "CTR_OBJECTS_ROOT"


def local_path(uri: str) -> str:
    """Returns the path of an object's copy.

    TFX cannot read `minio://` and `s3://`; the launcher copies inputs before the task,
    and outputs after it.
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
