"""Which versions a servable has, and what is known of each."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pydantic

from serving.release.storage import storage_of

# Without it a folder is no SavedModel.
SAVED_MODEL = "saved_model.pb"
# Where TensorFlow Serving leaves it alone.
RECORD_FILE = os.path.join("assets.extra", "release.json")


class VersionRecord(pydantic.BaseModel):
    """Where a version comes from: its release.json.

    Attributes:
      version: Its number.
      source: URI of the Model artifact.
      run: The run that made the model.
      digest: SHA-256 of the model: see `model_digest`.
      report: SHA-256 of the report that the release was decided on.
      restores: Only for a roll back: the version that first served the model.
      withdraws: Only for a roll back: URI of the Model artifact taken back.
      withdraws_digest: Only for a roll back: SHA-256 of the model taken back.
    """

    model_config = pydantic.ConfigDict(frozen=True)

    version: int
    source: str
    run: str = ""
    digest: str = ""
    report: str = ""
    restores: int | None = None
    withdraws: str = ""
    withdraws_digest: str = ""

    @property
    def first_version(self) -> int:
        """The version that first served the model, as far as roll backs tell."""
        return self.version if self.restores is None else self.restores


def version_path(model_dir: str, version: int) -> str:
    """The directory of a version."""
    return os.path.join(model_dir, str(version))


def list_versions(model_dir: str) -> list[int]:
    """The versions of a servable, ascending; none where the directory is missing."""
    names = storage_of(model_dir).names(model_dir)
    return sorted(int(name) for name in names if _is_number(name))


def _is_number(name: str) -> bool:
    return name.isascii() and name.isdecimal()


def read_record(model_dir: str, version: int) -> VersionRecord | None:
    """What is known of a version; None where it was not released by `ctr`."""
    path = os.path.join(version_path(model_dir, version), RECORD_FILE)
    storage = storage_of(model_dir)
    if not storage.exists(path):
        return None
    return VersionRecord.model_validate_json(storage.read(path))


def newest_record(model_dir: str) -> VersionRecord | None:
    """What is known of the version that is served; None where there is none."""
    history = release_history(model_dir)
    return history[-1] if history else None


def release_history(model_dir: str) -> list[VersionRecord]:
    """The versions that lead to the newest one, which is the last.

    A roll back takes the version that it leaves out of this history, so that the next
    one goes further back instead of forth.
    """
    history: list[VersionRecord] = []
    for record in _records(model_dir):
        if record.restores is not None:
            first = record.first_version
            history = [each for each in history if each.first_version < first]
        history.append(record)
    return history


def taken_back(model_dir: str, digest: str) -> VersionRecord | None:
    """The roll back that took a model back, unless it was released anew since."""
    found = None
    for record in _records(model_dir):
        if record.withdraws_digest == digest:
            found = record
        elif record.digest == digest:
            found = None
    return found


def _records(model_dir: str) -> Iterator[VersionRecord]:
    """What is known of each version, ascending, but of those that are not whole."""
    storage = storage_of(model_dir)
    for version in list_versions(model_dir):
        path = version_path(model_dir, version)
        if storage.exists(os.path.join(path, SAVED_MODEL)):
            # Someone may have copied it there; it is served all the same.
            unknown = VersionRecord(version=version, source="")
            yield read_record(model_dir, version) or unknown
