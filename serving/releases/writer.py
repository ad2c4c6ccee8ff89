"""Release, rollback and removal of versions, each atomic for servers."""

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

# TensorFlow Serving ignores names that are not numbers, and so versions that are being
# copied or removed.
_INCOMING = ".incoming-"
_OUTGOING = ".outgoing-"
_LOCK = ".lock"


@contextmanager
def sole_writer(model_dir: str) -> Iterator[None]:
    """Locks a servable's directory against other writers; reentrant.

    Object stores have no locks: releases into one must not overlap.
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
    """Copies a SavedModel to a new version, and returns the record of the version.

    If the newest version has the model, nothing changes, so that an interrupted call
    can be repeated.

    Args:
      record: Record of the release, without a version.

    Raises:
      ReleaseError: The model or its warm-up requests are missing, or the model is not
        the recorded one.
    """
    storage = storage_of(saved_model, model_dir, record.warm_up)
    with sole_writer(model_dir):
        records = version_records(model_dir)
        if records and records[-1].digest == record.digest:
            return records[-1]
        if model_digest(saved_model) != record.digest:
            raise ReleaseError(
                f"{saved_model}: the files changed since {record.run} recorded them; "
                "run the pipeline again"
            )
        if record.warm_up and not storage.exists(record.warm_up):
            raise ReleaseError(
                f"{record.warm_up}: the warm-up requests are missing; run the pipeline "
                "again"
            )
        files = _files(saved_model, storage)
        if record.warm_up:
            files[WARM_UP_FILE] = record.warm_up
        return _publish(record, files, model_dir, storage, storage.copy)


def roll_back(
    model_dir: str, by: str, note: str, refused: Collection[str] = ()
) -> ReleaseRecord:
    """Releases an earlier model again as a version that withdraws the newest one.

    Args:
      by: The person who decided.
      refused: Digests of models to skip, besides the withdrawn ones.

    Raises:
      ReleaseError: There is no version to roll back to, or the newest has a label.
    """
    storage = storage_of(model_dir)
    with sole_writer(model_dir):
        records = version_records(model_dir)
        targets = [each for each in _targets(records) if each.digest not in refused]
        if not targets:
            reason = ": all earlier models were refused" if len(records) > 1 else ""
            raise ReleaseError(f"{model_dir}: no version to roll back to{reason}")
        earlier, newest = targets[-1], records[-1]
        _check_unlabelled(model_dir, newest.version, earlier.version)
        restored = earlier.decided(by=by, note=note, withdraws=newest.digest)
        files = _files(version_path(model_dir, earlier.version), storage)
        return _publish(restored, files, model_dir, storage, storage.share)


def _targets(records: list[ReleaseRecord]) -> list[ReleaseRecord]:
    """Returns the versions that a rollback can restore, ascending.

    Each model occurs once, so that a second rollback goes further back.
    """
    refused = ReleaseHistory(records).refused()
    last = {record.digest: record for record in records}
    excluded = {*refused, *(record.digest for record in records[-1:])}
    found = [record for digest, record in last.items() if digest not in excluded]
    return sorted(found, key=lambda record: record.version)


def _check_unlabelled(model_dir: str, newest: int, earlier: int) -> None:
    """Checks that the version to withdraw has no label.

    The label is moved beforehand to a version that is loaded; that of the rollback has
    to be loaded first.
    """
    labels = labels_of(read_labels(model_dir), newest)
    if labels:
        moved = " ".join(f"{label}={earlier}" for label in labels)
        raise ReleaseError(
            f"version {newest} has the label {', '.join(labels)}; move it first: "
            f"ctr release label {moved}"
        )


def remove_old_versions(model_dir: str, keep: int) -> None:
    """Removes the oldest versions, each atomically for servers.

    The newest version, and those with a label or without a record, are never removed.
    Of the others `keep` are kept, first those that a rollback can restore.
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
                hidden = os.path.join(model_dir, _OUTGOING + uuid.uuid4().hex)
                os.rename(path, hidden)
                path = hidden
            storage.remove(path)
        _remove_leftovers(model_dir, storage)


def _files(folder: str, storage: Storage) -> dict[str, str]:
    """Returns the paths of a model's files by their path in the version."""
    return {name: os.path.join(folder, name) for name in storage.files(folder)}


def _publish(
    record: ReleaseRecord,
    files: Mapping[str, str],
    model_dir: str,
    storage: Storage,
    put: Callable[[str, str], None],
) -> ReleaseRecord:
    """Writes the files of a version, then makes it visible to servers.

    In an object store, which cannot rename, the graph is written last: without it
    servers fail to load the version and retry.
    """
    _remove_leftovers(model_dir, storage)
    # The time, like TFX's Pusher, but never an existing number.
    version = max([int(time.time()), *(v + 1 for v in list_versions(model_dir)[-1:])])
    record = record.model_copy(update={"version": version})
    path = version_path(model_dir, version)
    hidden = os.path.join(model_dir, _INCOMING + uuid.uuid4().hex)
    target = hidden if storage.renames_folders else path
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
    """Removes incomplete versions of killed processes."""
    for name in storage.names(model_dir):
        if name.startswith((_INCOMING, _OUTGOING)):
            storage.remove(os.path.join(model_dir, name))
