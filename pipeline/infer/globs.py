"""Finds one glob that matches given files and no others."""

from __future__ import annotations

import glob
import math
import os
from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase

# The pattern of one path segment that matches all of its given values.
_Generalize = Callable[[Sequence[str]], str | None]


def glob_for(names: Sequence[str], avoid: Iterable[str]) -> str | None:
    """Finds a glob.

    Args:
      names: Relative paths, with '/', that it must match.
      avoid: Relative paths that it must not match.

    Returns:
      The glob, in which `*` does not match '/'; None where none was found.
    """
    for generalize in (_star, _character_classes):
        pattern = _by_segment(names, generalize)
        if pattern and not any(_matches(name, pattern) for name in avoid):
            return pattern
    return None


def _by_segment(names: Sequence[str], generalize: _Generalize) -> str | None:
    paths = [name.split("/") for name in names]
    if len({len(path) for path in paths}) > 1:
        return None
    segments = [generalize(sorted(set(values))) for values in zip(*paths, strict=True)]
    if any(segment is None for segment in segments):
        return None
    return "/".join(segment for segment in segments if segment is not None)


def _star(values: Sequence[str]) -> str:
    """`day_*.csv`."""
    if len(values) == 1:
        return glob.escape(values[0])
    prefix = os.path.commonprefix(values)  # noqa: RUF071 (of characters)
    ends = [value[len(prefix) :][::-1] for value in values]
    suffix = os.path.commonprefix(ends)[::-1]  # noqa: RUF071
    return f"{glob.escape(prefix)}*{glob.escape(suffix)}"


def _character_classes(values: Sequence[str]) -> str | None:
    """`day_0[1-6].csv`, for values of one length."""
    if len({len(value) for value in values}) > 1:
        return None
    sets = [sorted(set(chars)) for chars in zip(*values, strict=True)]
    if math.prod(map(len, sets)) > 2 * len(values):
        return None  # it would match much that is not there yet
    parts = [_character_class(chars) for chars in sets]
    if any(part is None for part in parts):
        return None
    return "".join(part for part in parts if part is not None)


def _character_class(chars: Sequence[str]) -> str | None:
    if len(chars) == 1:
        return glob.escape(chars[0])
    if not all(char.isalnum() for char in chars):
        return None
    in_a_row = ord(chars[-1]) - ord(chars[0]) == len(chars) - 1
    if in_a_row and len(chars) > 2:
        return f"[{chars[0]}-{chars[-1]}]"
    return f"[{''.join(chars)}]"


def _matches(name: str, pattern: str) -> bool:
    names, patterns = name.split("/"), pattern.split("/")
    return len(names) == len(patterns) and all(map(fnmatchcase, names, patterns))
