"""The files of a servable: on a disk, or in an object store."""

from __future__ import annotations

import os
import shutil
from typing import Protocol


class Storage(Protocol):
    """What a release needs of a file system."""

    @property
    def renames_folders(self) -> bool:
        """Whether there are folders, which `os.rename` moves in one step."""

    def names(self, folder: str) -> list[str]:
        """The names in a folder; none where there is no such folder."""

    def files(self, folder: str) -> list[str]:
        """All files below a folder, by their path from there."""

    def exists(self, path: str) -> bool:
        """Whether there is such a file or folder."""

    def read(self, path: str) -> bytes:
        """The content of a file."""

    def write(self, path: str, content: bytes) -> None:
        """Writes a file, and the folders it is in."""

    def replace(self, path: str, content: bytes) -> None:
        """Writes a file of which readers see the old content or the new, whole."""

    def copy(self, source: str, target: str) -> None:
        """Copies a file, and makes the folders it comes to be in."""

    def share(self, source: str, target: str) -> None:
        """As `copy`; the two files may be one on the disk."""

    def remove(self, folder: str) -> None:
        """Removes a folder and all it holds."""


def storage_of(*paths: str) -> Storage:
    """The storage that has all of some paths."""
    if any(is_in_object_store(path) for path in paths):
        # TFX, and so TensorFlow, is imported for these only.
        from serving.release.object_store import ObjectStore

        return ObjectStore()
    return Disk()


def is_in_object_store(path: str) -> bool:
    """Whether a path is a URL, such as `gs://bucket/models`."""
    return "://" in path


class Disk:
    """A file system of this machine."""

    renames_folders = True

    def names(self, folder: str) -> list[str]:
        """See `Storage`."""
        return os.listdir(folder) if os.path.isdir(folder) else []

    def files(self, folder: str) -> list[str]:
        """See `Storage`."""
        return sorted(
            os.path.relpath(os.path.join(parent, name), folder)
            for parent, _, names in os.walk(folder)
            for name in names
        )

    def exists(self, path: str) -> bool:
        """See `Storage`."""
        return os.path.exists(path)

    def read(self, path: str) -> bytes:
        """See `Storage`."""
        with open(path, "rb") as file:
            return file.read()

    def write(self, path: str, content: bytes) -> None:
        """See `Storage`."""
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)

    def replace(self, path: str, content: bytes) -> None:
        """See `Storage`; only one process may do so at a time."""
        aside = os.path.join(os.path.dirname(path), f".{os.path.basename(path)}")
        self.write(aside, content)
        os.replace(aside, path)

    def copy(self, source: str, target: str) -> None:
        """See `Storage`."""
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copyfile(source, target)

    def share(self, source: str, target: str) -> None:
        """See `Storage`."""
        os.makedirs(os.path.dirname(target), exist_ok=True)
        try:
            os.link(source, target)
        except OSError:
            # Not every file system has links.
            shutil.copyfile(source, target)

    def remove(self, folder: str) -> None:
        """See `Storage`."""
        shutil.rmtree(folder)
