"""Files of a warm start; the DAG checks and pins them before anything runs."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator

from tfx.dsl.io import fileio

from config.errors import InputError
from config.training import LAST_RELEASE, WarmStart
from trainer.warm_start.vectors import read_checked

# Beside the SavedModel's own files, where TensorFlow Serving leaves it alone.
INPUTS_FILE = os.path.join("assets.extra", "inputs.json")

_SAVED_MODEL = "saved_model.pb"
# The index has a checksum of every weight, so the weights need not be read.
_IDENTIFYING = (os.path.join("variables", "variables.index"), INPUTS_FILE)


def pinned(start: WarmStart | None) -> dict[str, str]:
    """Files of a warm start as parameters of the Trainer.

    Args:
      start: The block of the configuration.

    Returns:
      `base_model`: the SavedModel, where a folder is named, and `base`: a fingerprint
      of all files, so that TFX's cache sees that one has changed. Empty where no file
      is named.

    Raises:
      InputError: A file is missing, or not what it should be.
    """
    if start is None:
        return {}
    names = {}
    digest = hashlib.sha256()
    if start.model is not None and start.model != LAST_RELEASE:
        names["base_model"] = _find_model(start.model)
        for file in _identifying_files(names["base_model"]):
            digest.update(_read(file))
    for feature, file in start.vectors.items():
        digest.update(read_checked(file, feature))
    if names or start.vectors:
        names["base"] = digest.hexdigest()[:16]
    return names


def _find_model(folder: str) -> str:
    """The SavedModel in a folder, or the newest of its versions."""
    where = f"training.warm_start.model: {folder}"
    if not fileio.isdir(folder):
        raise InputError(f"{where}: there is no such folder")
    versions = [int(name) for name in _list(folder) if _is_number(name)]
    model = os.path.join(folder, str(max(versions))) if versions else folder
    if not fileio.exists(os.path.join(model, _SAVED_MODEL)):
        raise InputError(
            f"{where}: there is no exported model in it: neither {_SAVED_MODEL} nor "
            "folders named by version number"
        )
    if not fileio.exists(os.path.join(model, INPUTS_FILE)):
        raise InputError(
            f"{where}: {model} was not exported by this pipeline: it has no "
            f"{INPUTS_FILE}, which says what its weights belong to"
        )
    return model


def _is_number(name: str) -> bool:
    return name.isascii() and name.isdecimal()


def _identifying_files(model: str) -> Iterator[str]:
    """Files of a SavedModel that tell its content: the weights' sums, vocabularies."""
    for name in _IDENTIFYING:
        yield os.path.join(model, name)
    assets = os.path.join(model, "assets")
    if fileio.isdir(assets):
        for name in sorted(_list(assets)):
            yield os.path.join(assets, name)


def _list(folder: str) -> list[str]:
    """The names in a folder; object stores end those of folders with a slash."""
    return [str(name).rstrip("/") for name in fileio.listdir(folder)]


def _read(path: str) -> bytes:
    with fileio.open(path, "rb") as file:
        content: bytes = file.read()
    return content
