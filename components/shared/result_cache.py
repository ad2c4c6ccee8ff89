"""Results of earlier runs, which later runs take over."""

from __future__ import annotations

import hashlib
import itertools
import logging
import os
import pickle
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from tfx import types

from components.shared.artifacts import Properties

_Result = TypeVar("_Result")

_READ_BYTES = 1 << 20
_DIGEST_BYTES = hashlib.sha256().digest_size

_log = logging.getLogger(__name__)


class _LookedUp(NamedTuple):
    file: str
    key: str
    result: Any


class ResultCache:
    """Results by key, each in a file of one folder.

    An entry appears in one step and holds a digest of its key and content, so that one
    that is damaged, or stands under another's name, is a miss. Whatever is deleted is
    computed again. Entries are pickles: to trust them is to trust who writes the work
    directory, which holds SavedModels too.
    """

    def __init__(self, folder: str | None):
        """Refers to a folder; without one, nothing is kept."""
        self._folder = None if folder is None else Path(folder)

    @property
    def keeps(self) -> bool:
        """False without a folder."""
        return self._folder is not None

    def of_files(
        self,
        files: Sequence[str],
        context: Sequence[str],
        compute: Callable[[Sequence[str]], Iterable[_Result]],
    ) -> Iterator[_Result]:
        """Yields the result of each file, in the order of the files.

        Results are taken over by content: wherever the same bytes were before.

        Args:
          files: Local paths, if results are kept.
          context: What a result depends on besides the bytes of its file: at least the
            fingerprint of the code.
          compute: Yields the results of some of the files, in their order; None is no
            result.
        """
        if self._folder is None:
            yield from map(_as_kept, compute(files))
            return
        known = 0
        # Adjacent files without a result are computed in one call.
        for is_missing, group in itertools.groupby(
            self._look_up(files, context), lambda each: each.result is None
        ):
            if not is_missing:
                for each in group:
                    known += 1
                    yield each.result
                continue
            missing = list(group)
            results = compute([each.file for each in missing])
            for each, result in zip(missing, results, strict=True):
                yield self.put(each.key, result)
        if known:
            _log.info("%d of %d files read in an earlier run", known, len(files))

    def _look_up(
        self, files: Sequence[str], context: Sequence[str]
    ) -> Iterator[_LookedUp]:
        for file in files:
            key = result_key(file_digest(file), *context)
            yield _LookedUp(file, key, self.get(key))

    def get(self, key: str) -> Any:
        """Returns a result, or None if there is none."""
        if self._folder is None:
            return None
        path = self._folder / key
        try:
            return pickle.loads(_read(path, key))
        except FileNotFoundError:
            return None
        except Exception as error:
            # Whatever is wrong, there is a way out.
            _log.warning("%s: %s; its result is computed again", path, error)
            return None

    def put(self, key: str, result: _Result) -> _Result:
        """Keeps a result.

        Returns:
          The result as `get` returns it, so that no later step can tell the two apart.
        """
        content = pickle.dumps(result, pickle.HIGHEST_PROTOCOL)
        if self._folder is not None:
            self._folder.mkdir(parents=True, exist_ok=True)
            temporary = self._folder / uuid.uuid4().hex
            temporary.write_bytes(_digest(key, content) + content)
            os.replace(temporary, self._folder / key)
        loaded: _Result = pickle.loads(content)
        return loaded


def cache_beside(output: types.Artifact, properties: Properties) -> ResultCache:
    """The cache of a component, by its path from the root of the artifacts.

    The path of a work directory is no execution parameter: these are in TFX's cache
    key, and all would be computed again in a directory that was moved.

    Args:
      output: An output of the component, which TFX puts into ROOT/NODE/KEY/EXECUTION
        (tfx/orchestration/portable/outputs_utils.py).
      properties: `cache` is a path from ROOT; without it, nothing is kept.
    """
    path = properties.get("cache")
    if path is None:
        return ResultCache(None)
    root = Path(output.uri).parents[2]
    return ResultCache(os.path.normpath(root / path))


def trim(folder: Path, most_bytes: int) -> None:
    """Deletes the least recently used entries of a cache.

    Args:
      folder: The folder, which need not exist.
      most_bytes: Size of what is left, at most.
    """
    total = 0
    files = [(path.stat(), path) for path in folder.glob("*")]
    for stat, path in sorted(files, key=lambda each: -each[0].st_mtime_ns):
        total += stat.st_size
        if total > most_bytes:
            path.unlink()


def result_key(*parts: str) -> str:
    """The key of what depends on some texts and on nothing else."""
    digest = hashlib.sha256()
    for part in parts:
        encoded = part.encode(errors="surrogateescape")
        digest.update(b"%d:" % len(encoded) + encoded)
    return digest.hexdigest()


def file_digest(path: str | Path) -> str:
    """SHA-256 of the bytes of a local file, in hexadecimal digits."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(_READ_BYTES), b""):
            digest.update(block)
    return digest.hexdigest()


def _read(path: Path, key: str) -> memoryview:
    data = memoryview(path.read_bytes())
    # The time of the last use, for `trim`.
    os.utime(path)
    digest, content = data[:_DIGEST_BYTES], data[_DIGEST_BYTES:]
    if digest != _digest(key, content):
        raise ValueError("damaged")
    return content


def _digest(key: str, content: bytes | memoryview) -> bytes:
    digest = hashlib.sha256(key.encode())
    digest.update(content)
    return digest.digest()


def _as_kept(result: _Result) -> _Result:
    return pickle.loads(pickle.dumps(result, pickle.HIGHEST_PROTOCOL))
