"""Files of the examples."""

from __future__ import annotations

import os

from tfx.dsl.io import fileio

from config.errors import InputError
from config.examples import EVAL, SPLITS, TRAIN, Examples


def input_patterns(examples: Examples) -> dict[str, str]:
    """The globs of a configuration, by split."""
    if examples.splits is not None:
        return {TRAIN: examples.splits.train, EVAL: examples.splits.eval}
    if examples.spans is not None:
        return dict.fromkeys(SPLITS, examples.spans.pattern)
    by_row = examples.hash_split or examples.time_split
    assert by_row is not None
    return {"all": by_row.pattern}


def files_matching(
    root: str,
    pattern: str,
    hint: str = "check examples.root (or --data) and the patterns under 'examples'",
) -> list[str]:
    """The files of a glob below a folder, in order.

    Raises:
      InputError: No file matches; the message ends with the hint.
    """
    whole = os.path.join(root, pattern)
    paths = glob_data(whole)
    if not paths:
        raise InputError(f"{whole}: no file matches; {hint}")
    return paths


def glob_data(pattern: str) -> list[str]:
    """The files of a glob in order, without those that hold no data.

    As in Hadoop and Spark, files are hidden whose names start with `_` (such as
    `_SUCCESS`) or `.`, if the pattern does not start so.
    """
    hidden = {"_", "."} - {os.path.basename(pattern)[:1]}
    paths = sorted(map(os.fsdecode, fileio.glob(pattern)))
    return [path for path in paths if os.path.basename(path)[:1] not in hidden]
