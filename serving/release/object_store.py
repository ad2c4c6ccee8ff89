"""Versions in an object store, which has neither folders nor a way to rename one."""

from __future__ import annotations

import os

from tfx.dsl.io import fileio
from tfx.utils import io_utils


class ObjectStore:
    """What TFX finds by a URL; see `Storage` for what each method does."""

    renames_folders = False

    def names(self, folder: str) -> list[str]:
        """The names, of which stores end those of folders with a slash."""
        if not fileio.isdir(folder):
            return []
        return [str(name).rstrip("/") for name in fileio.listdir(folder)]

    def files(self, folder: str) -> list[str]:
        """All files below a folder, by their path from there."""
        return sorted(
            os.path.relpath(os.path.join(str(parent), str(name)), folder)
            for parent, _, names in fileio.walk(folder)
            for name in names
        )

    def exists(self, path: str) -> bool:
        """Whether there is such a file or folder."""
        found: bool = fileio.exists(path)
        return found

    def read(self, path: str) -> bytes:
        """The content of a file."""
        with fileio.open(path, "rb") as file:
            content: bytes = file.read()
        return content

    def write(self, path: str, content: bytes) -> None:
        """Writes a file."""
        io_utils.write_bytes_file(path, content)

    def replace(self, path: str, content: bytes) -> None:
        """Writes a file: in a store, it appears once it is whole."""
        self.write(path, content)

    def copy(self, source: str, target: str) -> None:
        """Copies a file, from a disk or from a store."""
        io_utils.copy_file(source, target, overwrite=True)

    def share(self, source: str, target: str) -> None:
        """Copies a file: stores have no links."""
        self.copy(source, target)

    def remove(self, folder: str) -> None:
        """Removes all files of a folder."""
        fileio.rmtree(folder)
