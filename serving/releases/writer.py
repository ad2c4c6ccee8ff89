"""Releases, rolls back and removes versions, each atomically for a server."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager

import filelock

from config.errors import ReleaseError
from config.signatures import WARM_UP_FILE
from serving.releases.labels import labels_of, read_labels
from serving.releases.records import ReleaseHistory, ReleaseRecord
from serving.releases.storage import Storage, is_in_object_store, storage_of
from serving.releases.versions import (
    RECORD_FILE,
    SAVED_MODEL,
    list_versions,
    model_digest,
    version_path,
    version_records,
)

# TensorFlow Serving looks at numeric names only, so it sees neither a copy under way
# nor a version that is being removed.
_INCOMING = ".incoming-"
_OUTGOING = ".outgoing-"
_LOCK = ".lock"


@contextmanager
def sole_writer(model_dir: str) -> Iterator[None]:
    """Locks a servable's directory against other writers; reentrant.

    Object stores have no locks, so there releases must not overlap.
    """
    if is_in_object_store(model_dir):
        yield
        return
    os.makedirs(model_dir, exist_ok=True)
    with filelock.FileLock(os.path.join(model_dir, _LOCK), is_singleton=True):
        yield


def release_model(
    saved_model: str, model_dir: str, record: ReleaseRecord
) -> ReleaseRecord:
    """Makes a SavedModel the newest version of a servable.

    Releasing the newest version again changes nothing, so a call that was killed can
    be repeated.

    Args:
      saved_model: The directory of the SavedModel.
      model_dir: The directory of the servable's versions; made if it is missing.
      record: The record of the release, except for its version.

    Returns:
      The record of the version that has the model.

    Raises:
      ReleaseError: The model or its warm-up requests are gone, or the model is another
        one than recorded.
    """
    storage = storage_of(saved_model, model_dir, record.warm_up)
    with sole_writer(model_dir):
        records = version_records(model_dir)
        if records and records[-1].digest == record.digest:
            return records[-1]
        if model_digest(saved_model) != record.digest:
            raise ReleaseError(
                f"{saved_model}: the files are not those that {record.run} recorded; "
                "run the pipeline again"
            )
        if record.warm_up and not storage.exists(record.warm_up):
            raise ReleaseError(f"{record.warm_up}: the warm-up requests are gone")
        files = _files(saved_model, storage)
        if record.warm_up:
            files[WARM_UP_FILE] = record.warm_up
        return _publish(record, files, model_dir, storage, storage.copy)


def roll_back(
    model_dir: str, by: str, note: str, refused: Collection[str] = ()
) -> ReleaseRecord:
    """Releases the model of an earlier version again, and withdraws the newest one.

    Args:
      model_dir: The directory of the servable's versions.
      by: The person who decided.
      note: The reason.
      refused: Digests of models that are passed over, besides those taken back.

    Returns:
      The record of the new version.

    Raises:
      ReleaseError: There is no version to go back to, or the newest has a label.
    """
    storage = storage_of(model_dir)
    with sole_writer(model_dir):
        records = version_records(model_dir)
        targets = [each for each in _targets(records) if each.digest not in refused]
        if not targets:
            but = " that no person refused" if len(records) > 1 else ""
            raise ReleaseError(f"{model_dir}: there is no version to roll back to{but}")
        earlier, newest = targets[-1], records[-1]
        _check_unlabelled(model_dir, newest.version, earlier.version)
        restored = earlier.decided(by=by, note=note, withdraws=newest.digest)
        files = _files(version_path(model_dir, earlier.version), storage)
        return _publish(restored, files, model_dir, storage, storage.share)


def _targets(records: list[ReleaseRecord]) -> list[ReleaseRecord]:
    """Returns the versions that a roll back can go to, ascending.

    One of each model, so that the next roll back goes further back instead of forth.
    """
    refused = ReleaseHistory(records).refused()
    last = {record.digest: record for record in records}
    excluded = {*refused, *(record.digest for record in records[-1:])}
    found = [record for digest, record in last.items() if digest not in excluded]
    return sorted(found, key=lambda record: record.version)


def _check_unlabelled(model_dir: str, newest: int, earlier: int) -> None:
    """Checks that no label would stay with the model that is taken back.

    A person moves it: another version serves it at once, while the one that a roll
    back makes has to be loaded first.
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

    The newest one stays, and those that have a label or no record of ours. Versions
    that a roll back can go to are kept longest.

    Args:
      model_dir: The directory of the servable's versions.
      keep: Number of versions to keep beside the newest one.
    """
    storage = storage_of(model_dir)
    with sole_writer(model_dir):
        targets = {each.version for each in _targets(version_records(model_dir))}
        ours = [
            version
            for version in list_versions(model_dir)[:-1]
            if version not in read_labels(model_dir).values()
            and storage.exists(os.path.join(model_dir, str(version), RECORD_FILE))
        ]
        ours.sort(key=lambda version: (version in targets, version))
        for version in ours[:-keep]:
            path = version_path(model_dir, version)
            if storage.renames_folders:
                aside = os.path.join(model_dir, _OUTGOING + uuid.uuid4().hex)
                os.rename(path, aside)
                path = aside
            storage.remove(path)
        _remove_leftovers(model_dir, storage)


def _files(folder: str, storage: Storage) -> dict[str, str]:
    """Returns the paths of a model's files, by their path in the version."""
    return {name: os.path.join(folder, name) for name in storage.files(folder)}


def _publish(
    record: ReleaseRecord,
    files: Mapping[str, str],
    model_dir: str,
    storage: Storage,
    put: Callable[[str, str], None],
) -> ReleaseRecord:
    """Puts the files of a version together, and only then shows it to servers.

    In an object store they cannot be put together elsewhere. There the graph comes
    last: until then a server finds no model, and tries again.
    """
    _remove_leftovers(model_dir, storage)
    # The time, as TFX's Pusher has it, but never a number that is taken.
    version = max([int(time.time()), *(v + 1 for v in list_versions(model_dir)[-1:])])
    record = record.model_copy(update={"version": version})
    path = version_path(model_dir, version)
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
    return record


def _remove_leftovers(model_dir: str, storage: Storage) -> None:
    """Removes what a process that was killed left behind."""
    for name in storage.names(model_dir):
        if name.startswith((_INCOMING, _OUTGOING)):
            storage.remove(os.path.join(model_dir, name))
