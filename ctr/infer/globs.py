"""Globs that match the given files and no others."""

from __future__ import annotations

import glob
import itertools
import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from fnmatch import fnmatchcase


def glob_of(names: Sequence[str], known: Iterable[str]) -> str:
    """A glob such as `day_*.csv` or `day_0[1-6].csv`; empty where there is none.

    Args:
      names: The paths of the files, below one folder.
      known: Those of all files there.
    """
    levels = list(itertools.zip_longest(*(name.split("/") for name in names)))
    if not levels or None in levels[-1]:
        return ""  # There are none, or at several depths.
    known, wanted = list(known), set(names)
    choices = [_globs(set(level), level is levels[-1]) for level in levels]
    for pattern in map("/".join, itertools.product(*choices)):
        if {name for name in known if matches(name, pattern)} == wanted:
            return pattern
    return ""


def matches(name: str, pattern: str) -> bool:
    """Returns True if a glob matches a path, folder by folder."""
    names, patterns = name.split("/"), pattern.split("/")
    return len(names) == len(patterns) and all(map(fnmatchcase, names, patterns))


def _globs(names: Collection[str], is_file: bool) -> Iterator[str]:
    """Globs of some folders or files, the widest first."""
    prefix = os.path.commonprefix(list(names))  # noqa: RUF071 (of characters)
    key, mark, _ = prefix.partition("=")
    if mark and "{" not in prefix and not is_file:
        yield f"{glob.escape(key)}=*"  # a column, and not the placeholder of a day
    if len(names) == 1:
        yield glob.escape(prefix)
        return
    ends = [name[len(prefix) :][::-1] for name in names]
    suffix = os.path.commonprefix(ends)[::-1]  # noqa: RUF071
    yield f"{glob.escape(prefix)}*{glob.escape(suffix)}"
    places = [(min(each), max(each)) for each in zip(*names, strict=False)]
    yield "".join(glob.escape(a) if a == z else f"[{a}-{z}]" for a, z in places)
