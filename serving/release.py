"""Releases a model: copies it to where TensorFlow Serving finds it, atomically.

TensorFlow Serving polls a directory whose subdirectories are named by version number
and serves the highest one.
"""

from __future__ import annotations

import json
import os
import time
import uuid
from dataclasses import dataclass

from tfx.dsl.io import fileio
from tfx.utils import io_utils

# TensorFlow Serving looks at numeric names only, so it never sees a copy under way.
_INCOMING = ".incoming-"
_SAVED_MODEL = "saved_model.pb"
_RECORD = os.path.join("assets.extra", "release.json")


@dataclass(frozen=True)
class Released:
    """A released model.

    Attributes:
      version: Its version number.
      path: Its version directory.
      is_new: Whether this call copied it; False where it was the newest version
        already.
    """

    version: int
    path: str
    is_new: bool


def release_model(saved_model: str, model_dir: str) -> Released:
    """Makes a SavedModel the newest version of a servable.

    Releasing the newest version once more changes nothing, so a run that was killed
    after the copy can be repeated.

    Args:
      saved_model: The directory of the SavedModel.
      model_dir: The directory of the servable's versions; made where it is missing.

    Returns:
      The version.

    Raises:
      FileNotFoundError: There is no SavedModel to release.
    """
    fileio.makedirs(model_dir)
    newest = max(list_versions(model_dir), default=0)
    if newest and _source_of(model_dir, newest) == saved_model:
        return Released(newest, os.path.join(model_dir, str(newest)), is_new=False)
    if not fileio.exists(os.path.join(saved_model, _SAVED_MODEL)):
        raise FileNotFoundError(f"{saved_model}: no SavedModel to release")
    # The time, as TFX's Pusher has it, but never a number that is taken.
    version = max(int(time.time()), newest + 1)
    _remove_abandoned_copies(model_dir)
    incoming = os.path.join(model_dir, f"{_INCOMING}{uuid.uuid4().hex}")
    io_utils.copy_dir(saved_model, incoming)
    record = json.dumps({"source": saved_model, "version": version})
    io_utils.write_string_file(os.path.join(incoming, _RECORD), record)
    path = os.path.join(model_dir, str(version))
    fileio.rename(incoming, path)
    return Released(version, path, is_new=True)


def list_versions(model_dir: str) -> list[int]:
    """The versions of a servable, ascending; none where the directory is missing."""
    if not fileio.isdir(model_dir):
        return []
    return sorted(int(name) for name in _list(model_dir) if name.isdigit())


def _list(folder: str) -> list[str]:
    """The names in a folder; object stores end those of folders with a slash."""
    return [str(name).rstrip("/") for name in fileio.listdir(folder)]


def _source_of(model_dir: str, version: int) -> str | None:
    """The SavedModel that a version was copied from, where it is one of ours."""
    path = os.path.join(model_dir, str(version), _RECORD)
    if not fileio.exists(path):
        return None
    with fileio.open(path) as file:
        source: str = json.loads(file.read())["source"]
    return source


def _remove_abandoned_copies(model_dir: str) -> None:
    """Removes what a run that was killed left behind; there is one writer at a time."""
    for name in _list(model_dir):
        if name.startswith(_INCOMING):
            fileio.rmtree(os.path.join(model_dir, name))
