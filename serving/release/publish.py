"""Makes a model the newest version of a servable, atomically."""

from __future__ import annotations

import hashlib
import os
import time
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import filelock

from pipeline.errors import ReleaseError
from serving.release.labels import labels_of, read_labels
from serving.release.storage import Storage, is_in_object_store, storage_of
from serving.release.versions import (
    RECORD_FILE,
    SAVED_MODEL,
    VersionRecord,
    list_versions,
    newest_record,
    read_record,
    release_history,
    version_path,
)
from serving.warm_up import WARM_UP_FILE

# TensorFlow Serving looks at numeric names only, so it sees neither a copy under way
# nor a version that is being removed.
_INCOMING = ".incoming-"
_OUTGOING = ".outgoing-"
_LOCK = ".lock"


@dataclass(frozen=True)
class Origin:
    """Where a model comes from.

    Attributes:
      source: URI of the Model artifact.
      run: The run that made it.
      report: SHA-256 of the report that the release was decided on.
    """

    source: str
    run: str
    report: str


@contextmanager
def sole_writer(model_dir: str) -> Iterator[None]:
    """Waits until no other process changes the versions, and keeps others waiting.

    Not in an object store, which knows no locks. Who is the sole writer already may
    become it once more.
    """
    if is_in_object_store(model_dir):
        yield
        return
    os.makedirs(model_dir, exist_ok=True)
    with filelock.FileLock(os.path.join(model_dir, _LOCK), is_singleton=True):
        yield


def release_model(
    saved_model: str, model_dir: str, origin: Origin, warm_up: str = ""
) -> VersionRecord:
    """Makes a SavedModel the newest version of a servable.

    Releasing the newest version once more changes nothing, so what was killed after
    the copy can be repeated.

    Args:
      saved_model: The directory of the SavedModel.
      model_dir: The directory of the servable's versions; made where it is missing.
      origin: Where the model comes from.
      warm_up: The file with the requests that the version brings along; empty for none.

    Returns:
      The version that has the model.

    Raises:
      ReleaseError: The model is gone, or the requests are.
    """
    storage = storage_of(saved_model, model_dir, warm_up)
    is_there = storage.exists(os.path.join(saved_model, SAVED_MODEL))
    digest = model_digest(saved_model) if is_there else None
    with sole_writer(model_dir):
        newest = newest_record(model_dir)
        if newest is None or not _has_model(newest, digest, origin):
            if digest is None:
                raise ReleaseError(f"{saved_model}: the model is gone")
            if warm_up and not storage.exists(warm_up):
                raise ReleaseError(f"{warm_up}: the warm-up requests are gone")
            newest = VersionRecord(
                version=_next_version(model_dir),
                source=origin.source,
                run=origin.run,
                digest=digest,
                report=origin.report,
            )
            added = {WARM_UP_FILE: warm_up} if warm_up else {}
            files = {**_files(saved_model, storage), **added}
            _publish(newest, files, model_dir, storage, storage.copy)
    return newest


def _has_model(version: VersionRecord, digest: str | None, origin: Origin) -> bool:
    """Whether a version has a model: by its content, which may be gone meanwhile."""
    if digest is None:
        return version.source == origin.source
    return version.digest == digest


def roll_back(model_dir: str, refused: Collection[str] = ()) -> VersionRecord:
    """Makes the model of the version before the newest one the newest version.

    Args:
      model_dir: The directory of the servable's versions.
      refused: URIs of Model artifacts that are passed over.

    Returns:
      The new version.

    Raises:
      ReleaseError: There is no version to go back to, or clients ask for the newest
        one by a label.
    """
    storage = storage_of(model_dir)
    with sole_writer(model_dir):
        history = release_history(model_dir)
        older = history[:-1]
        allowed = [each for each in older if each.source not in refused]
        if not allowed:
            but = " that no person refused" if older else ""
            raise ReleaseError(f"{model_dir}: there is no version to roll back to{but}")
        earlier, newest = allowed[-1], history[-1]
        _check_unlabelled(model_dir, newest.version, earlier.version)
        restored = earlier.model_copy(
            update={
                "version": _next_version(model_dir),
                "restores": earlier.first_version,
                "withdraws": newest.source,
                "withdraws_digest": newest.digest,
            }
        )
        files = _files(version_path(model_dir, earlier.version), storage)
        _publish(restored, files, model_dir, storage, storage.share)
    return restored


def _check_unlabelled(model_dir: str, newest: int, earlier: int) -> None:
    """Checks that no label would stay with the model that is taken back.

    Where it is to go is for a person to say: another version serves it at once, while
    the one that a roll back makes has to be loaded first.
    """
    labels = labels_of(read_labels(model_dir), newest)
    if labels:
        moved = " ".join(f"{label}={earlier}" for label in labels)
        raise ReleaseError(
            f"version {newest} has the label {', '.join(labels)}; first move it, which "
            f"takes effect within seconds: ctr release label {moved}"
        )


def remove_old_versions(model_dir: str, keep: int) -> None:
    """Removes the oldest versions, in one step each as far as a server can see.

    The newest one stays, those that have a label, and what someone else put there.

    Args:
      model_dir: The directory of the servable's versions.
      keep: How many versions stay beside the newest one.
    """
    storage = storage_of(model_dir)
    with sole_writer(model_dir):
        for version in _not_kept(model_dir, keep):
            path = version_path(model_dir, version)
            if storage.renames_folders:
                aside = os.path.join(model_dir, _OUTGOING + uuid.uuid4().hex)
                os.rename(path, aside)
                path = aside
            storage.remove(path)
        _remove_leftovers(model_dir, storage)


def model_digest(saved_model: str) -> str:
    """SHA-256 of all files of a SavedModel, but for the values of its variables.

    These can be large, and their index, which is among the others, has a checksum of
    each.
    """
    storage = storage_of(saved_model)
    digest = hashlib.sha256()
    for name in storage.files(saved_model):
        if not os.path.basename(name).startswith("variables.data-"):
            content = storage.read(os.path.join(saved_model, name))
            digest.update(f"{name}\n{len(content)}\n".encode() + content)
    return digest.hexdigest()


def _next_version(model_dir: str) -> int:
    """The time, as TFX's Pusher has it, but never a number that is taken."""
    return max([int(time.time()), *(v + 1 for v in list_versions(model_dir)[-1:])])


def _files(folder: str, storage: Storage) -> dict[str, str]:
    """Where each file of a model is, by its path in the version."""
    return {name: os.path.join(folder, name) for name in storage.files(folder)}


def _publish(
    record: VersionRecord,
    files: Mapping[str, str],
    model_dir: str,
    storage: Storage,
    put: Callable[[str, str], None],
) -> None:
    """Puts the files of a version together, and only then shows it to servers.

    In an object store they cannot be put together elsewhere. There the graph comes
    last: until then a server finds no model, and tries again.
    """
    _remove_leftovers(model_dir, storage)
    path = version_path(model_dir, record.version)
    aside = os.path.join(model_dir, _INCOMING + uuid.uuid4().hex)
    target = aside if storage.renames_folders else path
    for name, source in files.items():
        if name not in (RECORD_FILE, SAVED_MODEL):
            put(source, os.path.join(target, name))
    content = record.model_dump_json(indent=2, exclude_defaults=True)
    storage.write(os.path.join(target, RECORD_FILE), content.encode())
    put(files[SAVED_MODEL], os.path.join(target, SAVED_MODEL))
    if storage.renames_folders:
        os.rename(target, path)


def _not_kept(model_dir: str, keep: int) -> list[int]:
    """The versions to remove; what a roll back could go to is kept before others."""
    older = list_versions(model_dir)[:-1]
    labelled = read_labels(model_dir).values()
    ours = [
        each
        for each in older
        if each not in labelled and read_record(model_dir, each) is not None
    ]
    history = {record.version for record in release_history(model_dir)}
    ours.sort(key=lambda version: (version in history, version))
    return ours[:-keep]


def _remove_leftovers(model_dir: str, storage: Storage) -> None:
    """Removes what a process that was killed left behind."""
    for name in storage.names(model_dir):
        if name.startswith((_INCOMING, _OUTGOING)):
            storage.remove(os.path.join(model_dir, name))
