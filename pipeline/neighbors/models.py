"""Which model is asked, and the words for what it does not know."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from pipeline.errors import InputError
from serving.release.versions import SAVED_MODEL, list_versions

# Close matches among more would take longer than a person waits for an error.
_MOST_COMPARED = 50_000


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


def close_to(word: str, words: Iterable[str]) -> str:
    """`; did you mean ...?` where some words are like one, else nothing."""
    compared = list(islice(words, _MOST_COMPARED))
    close = difflib.get_close_matches(word, compared, n=3)
    return f"; did you mean {' or '.join(map(repr, close))}?" if close else ""
