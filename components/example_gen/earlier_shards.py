"""Shards of earlier runs, which a later run takes over instead of reading files."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from tfx.dsl.io import fileio

from components.example_gen.checks import Counts
from components.shared.result_cache import ResultCache, file_digest, result_key
from config.parts import ExampleGenPart


class Source(NamedTuple):
    """A file, and what its rows become.

    Attributes:
      path: The file.
      splits: The split that all its rows fall into, or all splits where its rows are
        split.
      shard: The name of the files written for it.
    """

    path: str
    splits: tuple[str, ...]
    shard: str


class Shard(NamedTuple):
    """What was written of one file for one split.

    Attributes:
      path: The file that was written.
      digest: Digest of its bytes.
      counts: Its content.
    """

    path: str
    digest: str
    counts: Counts


class Content(NamedTuple):
    """What the checks over all files need to know of one.

    Attributes:
      counts: Its examples in each split.
      kinds: The kind of values of each column, see `checks.kinds_of`.
    """

    counts: Mapping[str, Counts]
    kinds: Mapping[str, str]


class EarlierShards:
    """Shards of earlier runs that are where they were written, and whole.

    A shard depends on the file, the part and the code alone: not so with a time split,
    of which the rows of all files decide. As for the driver, a file is unchanged if its
    path, size and time of modification are.
    """

    def __init__(self, cache: ResultCache, part: ExampleGenPart, code: str):
        """Refers to the cache in which the shards are recorded."""
        self._cache = cache if part.time_split is None else ResultCache(None)
        self._context = (code, part.model_dump_json())

    def key(self, source: Source) -> str:
        """Identifies the shards of a file as it is now."""
        stat = fileio.stat(source.path)
        state = (source.path, str(stat.length), str(stat.mtime_nsec))
        return result_key(*state, *self._context)

    def take(self, source: Source, folders: Mapping[str, str]) -> Content | None:
        """Takes shards over.

        Args:
          source: The file.
          folders: The folder of each split.

        Returns:
          Their content, or None if the file has to be read.
        """
        found = self._cache.get(self.key(source))
        if found is None:
            return None
        shards, kinds = found
        paths = [Path(folders[split], source.shard) for split in source.splits]
        if not all(map(_copy, shards, paths)):
            # What is written next must not go into a file of an earlier run.
            for path in paths:
                path.unlink(missing_ok=True)
            return None
        counts = [shard.counts for shard in shards]
        return Content(dict(zip(source.splits, counts, strict=True)), kinds)

    def record(
        self, key: str, source: Source, folders: Mapping[str, str], content: Content
    ) -> None:
        """Records the shards that were written of a file.

        Args:
          key: The key when the file was about to be read. It may have changed since:
            then nothing is recorded.
          source: The file.
          folders: The folder of each split.
          content: What was written.
        """
        if not self._cache.keeps or key != self.key(source):
            return
        shards = []
        for split in source.splits:
            path = os.path.join(folders[split], source.shard)
            shards.append(Shard(path, file_digest(path), content.counts[split]))
        # By position: a day that evaluates today trains tomorrow.
        self._cache.put(key, (shards, content.kinds))


def _copy(shard: Shard, path: Path) -> bool:
    """Copies a shard without using space, where the file system can do that.

    Returns:
      False if it is gone, or not as it was written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(shard.path, path)
    except FileNotFoundError:
        return False
    except OSError:
        shutil.copyfile(shard.path, path)
    return file_digest(path) == shard.digest
