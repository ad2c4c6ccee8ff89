"""Model of the embeddings."""

from __future__ import annotations

from pathlib import Path

from config.errors import InputError
from serving.releases.versions import SAVED_MODEL, list_versions


def newest_model(folder: Path) -> Path:
    """The SavedModel in a folder: the newest version, or the folder itself.

    Raises:
      InputError: There is none.
    """
    if (folder / SAVED_MODEL).exists():
        return folder
    versions = list_versions(str(folder))
    if not versions:
        raise InputError(
            f"{folder}: there is no released model; release one by ctr run, or name "
            "another folder by --work-dir or --model-dir"
        )
    return folder / str(versions[-1])
