"""Labels: names of versions that clients can request, such as `canary`."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

import pydantic

from config.errors import ReleaseError
from serving.releases.records import ReleaseHistory
from serving.releases.storage import storage_of
from serving.releases.versions import list_versions, version_records

# Not a number, so servers ignore it.
LABELS_FILE = "labels.json"

# Valid in URLs, and distinct from versions.
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")
_LABELS = pydantic.TypeAdapter(dict[str, int])


def read_labels(model_dir: str) -> dict[str, int]:
    """Returns the versions by label.

    Raises:
      ReleaseError: The file is malformed.
    """
    path = os.path.join(model_dir, LABELS_FILE)
    storage = storage_of(model_dir)
    if not storage.exists(path):
        return {}
    try:
        return _LABELS.validate_json(storage.read(path))
    except pydantic.ValidationError as error:
        raise ReleaseError(
            f'{path}: expected versions by label, such as {{"canary": 7}}; correct '
            "the file, or remove it and set the labels again"
        ) from error


def change_labels(model_dir: str, changes: Mapping[str, int | None]) -> dict[str, int]:
    """Assigns labels to versions, and returns all labels; None removes a label.

    The change is atomic; the caller must be the sole writer.

    Raises:
      ReleaseError: A label is malformed or unknown, or its version is missing or was
        rolled back. No label is changed.
    """
    before = read_labels(model_dir)
    for label, version in changes.items():
        if version is None:
            _check_known(label, before)
        else:
            _check_name(label)
            _check_version(model_dir, label, version)
    labels = {
        label: version
        for label, version in sorted({**before, **changes}.items())
        if version is not None
    }
    content = _LABELS.dump_json(labels, indent=2)
    storage_of(model_dir).replace(os.path.join(model_dir, LABELS_FILE), content)
    return labels


def labels_of(labels: Mapping[str, int], version: int | None) -> list[str]:
    """Returns the labels of a version."""
    return sorted(label for label, labelled in labels.items() if labelled == version)


def _check_known(label: str, labels: Mapping[str, int]) -> None:
    if label not in labels:
        allowed = ", ".join(sorted(labels)) or "none"
        raise ReleaseError(f"unknown label {label!r}; allowed: {allowed}")


def _check_name(label: str) -> None:
    if not _NAME.fullmatch(label):
        raise ReleaseError(
            f"label {label!r}: allowed: a letter, then letters, digits, '_', '.' and "
            "'-', such as canary"
        )


def _check_version(model_dir: str, label: str, version: int) -> None:
    versions = list_versions(model_dir)
    if version not in versions:
        allowed = ", ".join(map(str, versions)) or "none"
        raise ReleaseError(
            f"label {label!r}: {model_dir} has no version {version}; allowed: {allowed}"
        )
    records = version_records(model_dir)
    history = ReleaseHistory(records)
    if any(r.version == version and history.refusal(r.digest) for r in records):
        raise ReleaseError(
            f"label {label!r}: the model of version {version} was rolled back; to "
            "serve it again, approve its run with --override"
        )
