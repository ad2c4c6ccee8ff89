"""Storage of versions: a local file system, or an object store."""

from __future__ import annotations

import os
import shutil


def is_in_object_store(path: str) -> bool:
    """Returns True for a URL, such as `gs://bucket/models`."""
    return "://" in path


def storage_of(*paths: str) -> Storage:
    """Returns the storage of all of the paths."""
    if any(is_in_object_store(path) for path in paths):
        # Imports TFX, and so TensorFlow.
        from serving.releases.object_store import ObjectStore

        return ObjectStore()
    return Storage()


class Storage:
    """A local file system.

    Attributes:
      renames_folders: True if `os.rename` moves a folder atomically.
    """

    renames_folders = True

    def names(self, folder: str) -> list[str]:
        """Returns the names in a folder; empty if the folder is missing."""
        return os.listdir(folder) if os.path.isdir(folder) else []

    def files(self, folder: str) -> list[str]:
        """Returns the relative paths of all files below a folder, sorted."""
        return sorted(
            os.path.relpath(os.path.join(parent, name), folder)
            for parent, _, names in os.walk(folder)
            for name in names
        )

    def exists(self, path: str) -> bool:
        """Returns True if the file or folder exists."""
        return os.path.exists(path)

    def read(self, path: str) -> bytes:
        """Returns the content of a file."""
        with open(path, "rb") as file:
            return file.read()

    def write(self, path: str, content: bytes) -> None:
        """Writes a file and the folders above it."""
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)

    def replace(self, path: str, content: bytes) -> None:
        """Writes a file atomically; for one writer at a time."""
        partial = os.path.join(os.path.dirname(path), f".{os.path.basename(path)}")
        self.write(partial, content)
        os.replace(partial, path)

    def copy(self, source: str, target: str) -> None:
        """Copies a file and makes the folders above its target."""
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copyfile(source, target)

    def share(self, source: str, target: str) -> None:
        """Links a file, or copies it if the file system has no links."""
        os.makedirs(os.path.dirname(target), exist_ok=True)
        try:
            os.link(source, target)
        except OSError:
            shutil.copyfile(source, target)

    def remove(self, folder: str) -> None:
        """Removes a folder and its content."""
        shutil.rmtree(folder)
