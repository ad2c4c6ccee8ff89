"""Globs of files, and spans of files that are named by day."""

from __future__ import annotations

import glob
import itertools
import os
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from fnmatch import fnmatchcase
from pathlib import PurePath
from typing import NamedTuple

from config.spans import Spans, has_dates

_DAYS = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?<!\d)(?P<YYYY>\d{4})(?P<MM>\d\d)(?P<DD>\d\d)(?!\d)",
        r"(?<!\d)(?P<YYYY>\d{4})([-_./])(?P<MM>\d\d?)\2(?P<DD>\d\d?)(?!\d)",
        r"\by(ear)?=(?P<YYYY>\d{4})/m(onth)?=(?P<MM>\d\d?)/d(ay)?=(?P<DD>\d\d?)(?!\d)",
        r"(?<![a-z])day[-_.=]?(?P<SPAN>\d{1,18})(?!\d)",
    )
]


class _Dated(NamedTuple):
    """A path with placeholders for its day, and the day as a number."""

    path: PurePath
    day: int

    @property
    def folder(self) -> str:
        return str(self.path.parent)

    @property
    def is_of_folder(self) -> bool:
        """True if the folder has the day."""
        return "{" in self.folder


def guess_spans(names: Sequence[str], known: Iterable[str]) -> tuple[Spans, str] | None:
    """Spans, where each file, or each folder of files, is of a day of its own.

    Args:
      names: The paths of the files, from the folder that all are in.
      known: Those of all files.

    Returns:
      The block of the configuration, and why; None where the names hold no days, or
      where files would be read that were not given.
    """
    dated = {name: each for name in known if (each := _dated(name))}
    if not dated.keys() >= set(names):
        return None
    given = [dated[name] for name in names]
    days = sorted({each.day for each in given})
    pattern = _pattern(given, dated.values())
    read = {name for name, each in dated.items() if matches(str(each.path), pattern)}
    if len(days) < 2 or read != set(names):
        return None
    holder = "folder" if given[0].is_of_folder else "file"
    train = days[-1] - days[0]
    before = "the day" if train == 1 else f"the {train} days"
    return Spans(pattern=pattern, train=train), (
        f"a {holder} for each day, as the names say: the newest day evaluates, "
        f"{before} before it train. Each run takes the newest days that there are then"
    )


def _pattern(given: Sequence[_Dated], known: Iterable[_Dated]) -> str:
    """A glob with placeholders; empty where the names have no common form."""
    folders = {each.folder for each in given}
    if not given[0].is_of_folder:
        # Two files of one day are of something else, too, such as train and test.
        paths = {str(each.path) for each in given}
        is_one = len(paths) == 1 and len({each.day for each in given}) == len(given)
        return glob_of(list(paths), paths) if is_one else ""
    folder = glob_of(list(folders), {each.folder for each in known})
    if not has_dates(folder) and len(folders) > 1:
        return ""  # The days of each month have the same numbers.
    end = os.path.commonprefix([each.path.name[::-1] for each in given])[::-1]  # noqa: RUF071
    return folder and f"{folder}/*{''.join(PurePath(f'_{end}').suffixes)}"


def _dated(name: str) -> _Dated | None:
    """A name with placeholders for its day, in a folder's name if that has one."""
    if "{" in name:
        return None  # It would be taken for a placeholder.
    folder, file = os.path.split(name)
    for text, rest in ((folder, f"/{file}"), (name, "")):
        for pattern in _DAYS:
            found = pattern.search(text)
            number = _number(found.groupdict()) if found else None
            if found and number is not None:
                return _Dated(PurePath(_with_placeholders(found) + rest), number)
    return None


def _with_placeholders(found: re.Match[str]) -> str:
    text = found.string
    for key in reversed(found.groupdict()):
        start, end = found.span(key)
        text = f"{text[:start]}{{{key}}}{text[end:]}"
    return text


def _number(parts: dict[str, str]) -> int | None:
    """The number of a day; None where it is no date."""
    if "SPAN" in parts:
        return int(parts["SPAN"])
    try:
        return date(int(parts["YYYY"]), int(parts["MM"]), int(parts["DD"])).toordinal()
    except ValueError:
        return None


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
