"""Guesses the spans of files that are named by day."""

from __future__ import annotations

import glob
import re
from collections.abc import Sequence
from datetime import date
from pathlib import PurePath

from config.spans import Spans

_DATE = re.compile(r"(?<!\d)(\d{4})([-_./]?)(\d\d)\2(\d\d)(?!\d)")
_DAY = re.compile(r"(?<![a-z])day[-_.]?(\d{1,18})(?!\d)", re.IGNORECASE)


def guess_spans(names: Sequence[str], known: Sequence[str]) -> tuple[Spans, str] | None:
    """Spans, where each file, or each folder of files, is of a day of its own.

    Args:
      names: The paths of the files, from the folder that all are in.
      known: Spans of all files.

    Returns:
      The block of the configuration, and why; None where the names hold no days, or
      where files would be read that were not given.
    """
    pattern, _ = _day(names[0])
    found = {name: _day(name) for name in known}
    read = {name: day for name, (of, day) in found.items() if of == pattern}
    days = sorted(set(read.values()))
    if not pattern or set(read) != set(names) or len(days) < 2:
        return None
    holder = "folder" if "/" in pattern else "file"
    if holder == "file" and len(days) < len(names):
        return None
    train = days[-1] - days[0]
    before = "the day" if train == 1 else f"the {train} days"
    return Spans(pattern=pattern, train=train), (
        f"a {holder} for each day, as the names say: the newest day evaluates, "
        f"{before} before it train. Each run takes the newest days that there are then"
    )


def _day(name: str) -> tuple[str, int]:
    """The pattern of a name and its day as a number; no pattern where it has none."""
    if "{" in name:
        return "", 0  # It would be taken for a placeholder.
    folder, _, file = name.rpartition("/")
    if folder and _day(folder)[0]:
        pattern, number = _day(folder)
        return f"{pattern}/*{''.join(PurePath(file).suffixes)}", number
    if found := _DATE.search(name):
        year, separator, month, day = found.groups()
        try:
            number = date(int(year), int(month), int(day)).toordinal()
        except ValueError:
            return "", 0
        placeholders = separator.join(("{YYYY}", "{MM}", "{DD}"))
        return _pattern(name, found.span(), placeholders), number
    if found := _DAY.search(name):
        return _pattern(name, found.span(1), "{SPAN}"), int(found[1])
    return "", 0


def _pattern(name: str, place: tuple[int, int], placeholders: str) -> str:
    start, end = place
    return glob.escape(name[:start]) + placeholders + glob.escape(name[end:])
