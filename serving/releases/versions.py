"""Versions of a servable and their records."""

from __future__ import annotations

import hashlib
import os

import pydantic

from config.errors import ReleaseError
from serving.releases.records import ReleaseRecord
from serving.releases.storage import Storage, storage_of

# Without it a folder is no SavedModel.
SAVED_MODEL = "saved_model.pb"
# TensorFlow Serving reads only warm-up requests from this folder.
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

    A version that was copied into the directory by hand gets a record of its version
    and digest.

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
            f"{file}: not a release record of this version of ctr; remove the version, "
            "or only the file to keep a version without a record"
        ) from error
    # The folder may have been copied.
    return record.model_copy(update={"version": version})


def model_digest(saved_model: str) -> str:
    """Returns the SHA-256 of a SavedModel's files except the values of its variables.

    Those may be large, and the index of the variables has a checksum of each.

    Raises:
      ReleaseError: The model is missing.
    """
    storage = storage_of(saved_model)
    if not storage.exists(os.path.join(saved_model, SAVED_MODEL)):
        raise ReleaseError(
            f"{saved_model}: the model is missing; run the pipeline again"
        )
    digest = hashlib.sha256()
    for name in storage.files(saved_model):
        if not os.path.basename(name).startswith("variables.data-"):
            content = storage.read(os.path.join(saved_model, name))
            digest.update(f"{name}\n{len(content)}\n".encode() + content)
    return digest.hexdigest()
