"""The versions of a servable and the record of each."""

from __future__ import annotations

import hashlib
import os

import pydantic

from config.errors import ReleaseError
from serving.releases.records import ReleaseRecord
from serving.releases.storage import Storage, storage_of

# Without it a folder is no SavedModel.
SAVED_MODEL = "saved_model.pb"
# TensorFlow Serving reads nothing of this folder but warm-up requests.
RECORD_FILE = os.path.join("assets.extra", "release.json")


def version_path(model_dir: str, version: int) -> str:
    """Returns the directory of a version."""
    return os.path.join(model_dir, str(version))


def list_versions(model_dir: str) -> list[int]:
    """Returns the versions of a servable, ascending."""
    names = storage_of(model_dir).names(model_dir)
    return sorted(int(name) for name in names if name.isascii() and name.isdecimal())


def version_records(model_dir: str) -> list[ReleaseRecord]:
    """Returns the record of each complete version, ascending.

    A version that someone copied into the directory is served as well; its record has
    only the version and the digest.

    Raises:
      ReleaseError: A record is malformed.
    """
    storage = storage_of(model_dir)
    paths = {each: version_path(model_dir, each) for each in list_versions(model_dir)}
    return [
        _read_record(path, version, storage)
        for version, path in paths.items()
        if storage.exists(os.path.join(path, SAVED_MODEL))
    ]


def _read_record(path: str, version: int, storage: Storage) -> ReleaseRecord:
    file = os.path.join(path, RECORD_FILE)
    if not storage.exists(file):
        digest = model_digest(path)
        return ReleaseRecord(status="released", version=version, digest=digest)
    try:
        record = ReleaseRecord.model_validate_json(storage.read(file))
    except pydantic.ValidationError as error:
        raise ReleaseError(
            f"{file}: expected the record of a release, of this version of ctr; remove "
            "the version, or only that file to keep it as a version without a record"
        ) from error
    # The number is that of the folder, which someone may have copied.
    return record.model_copy(update={"version": version})


def model_digest(saved_model: str) -> str:
    """Returns the SHA-256 of a SavedModel's files, without the values of its variables.

    Those can be large, and their index, which is included, has a checksum of each.

    Raises:
      ReleaseError: The model is gone.
    """
    storage = storage_of(saved_model)
    if not storage.exists(os.path.join(saved_model, SAVED_MODEL)):
        raise ReleaseError(f"{saved_model}: the model is gone")
    digest = hashlib.sha256()
    for name in storage.files(saved_model):
        if not os.path.basename(name).startswith("variables.data-"):
            content = storage.read(os.path.join(saved_model, name))
            digest.update(f"{name}\n{len(content)}\n".encode() + content)
    return digest.hexdigest()
