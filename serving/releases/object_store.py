"""Storage of versions in an object store, which cannot rename folders."""

from __future__ import annotations

import os

from tfx.dsl.io import fileio
from tfx.utils import io_utils

from serving.releases.storage import Storage


class ObjectStore(Storage):
    """A store of a URL that TFX supports."""

    renames_folders = False

    def names(self, folder: str) -> list[str]:
        """See `Storage`."""
        if not fileio.isdir(folder):
            return []
        # Stores end the names of folders with a slash.
        return [str(name).rstrip("/") for name in fileio.listdir(folder)]

    def files(self, folder: str) -> list[str]:
        """See `Storage`."""
        return sorted(
            os.path.relpath(os.path.join(str(parent), str(name)), folder)
            for parent, _, names in fileio.walk(folder)
            for name in names
        )

    def exists(self, path: str) -> bool:
        """See `Storage`."""
        return bool(fileio.exists(path))

    def read(self, path: str) -> bytes:
        """See `Storage`."""
        with fileio.open(path, "rb") as file:
            return bytes(file.read())

    def write(self, path: str, content: bytes) -> None:
        """See `Storage`; atomic, since an object appears when it is complete."""
        io_utils.write_bytes_file(path, content)

    replace = write

    def copy(self, source: str, target: str) -> None:
        """See `Storage`; either path may be local."""
        io_utils.copy_file(source, target, overwrite=True)

    share = copy

    def remove(self, folder: str) -> None:
        """See `Storage`."""
        fileio.rmtree(folder)
