"""Where Kubeflow's launcher keeps, in a container, its copy of an object store."""

from __future__ import annotations

import os

# The folder of each scheme's copies: `LocalPathForURI` in the launcher's source.
_FOLDERS = {"minio://": "minio/", "s3://": "s3/", "gs://": "gcs/"}

# Set by what runs tasks without containers: a folder in place of the root directory.
ROOT_VARIABLE = "CTR_OBJECTS_ROOT"


def local_path(uri: str) -> str:
    """The path of an object's copy.

    TFX cannot read `minio://` and `s3://`; the launcher copies inputs from there before
    the task, and outputs to there after it.
    """
    for scheme, folder in _FOLDERS.items():
        if uri.startswith(scheme):
            return _copies(folder) + uri.removeprefix(scheme)
    raise ValueError(f"{uri}: not in an object store")


def uri_of(path: str) -> str:
    """The object that a copy is of."""
    for scheme, folder in _FOLDERS.items():
        if path.startswith(_copies(folder)):
            return scheme + path.removeprefix(_copies(folder))
    raise ValueError(f"{path}: no copy of an object")


def is_copy(path: str) -> bool:
    """Whether a path is one that the launcher copies from or to."""
    return any(path.startswith(_copies(folder)) for folder in _FOLDERS.values())


def _copies(folder: str) -> str:
    return os.path.join(os.environ.get(ROOT_VARIABLE, "/"), folder)
