"""Guesses which examples train and which evaluate."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from pipeline.config.examples import HashSplit, Splits
from pipeline.config.spans import Spans
from pipeline.errors import InputError
from pipeline.infer.column import Column, words_of
from pipeline.infer.leave_out import is_row_unique, time_example
from pipeline.infer.spans import guess_spans

_USER_WORDS = {"user", "visitor", "customer", "member", "device", "cookie", "session"}
_TRAIN_WORDS = {"train", "training"}
_EVAL_WORDS = {"test", "eval", "valid", "validation", "val", "dev", "holdout"}
# Values of a column that rows can be split by fairly.
_FEWEST_VALUES = 100
_FEWEST_USERS = 100
_LARGEST_SHARE_TO_EVALUATE = 0.4


def guess_split(
    files: Sequence[Path], columns: Mapping[str, Column]
) -> tuple[Splits | HashSplit | Spans, str]:
    """Splits as the files' names say, one a day or train and test, or by a hash.

    Returns:
      The block of the configuration, and why.

    Raises:
      InputError: No pattern matches the files and no others.
    """
    folder = files[0].absolute().parent
    if any(path.absolute().parent != folder for path in files):
        raise InputError("the files are in several folders; put them into one")
    names = sorted({path.name for path in files}, key=_in_order)
    known = [path.name for path in folder.iterdir()]
    if by_day := guess_spans(names, known):
        return by_day
    for train, evaluate, reason in _ways_to_split(names):
        past, future = _pattern(train, known), _pattern(evaluate, known)
        if past and future:
            return Splits(train=past, eval=future), reason
    pattern = _pattern(names, known)
    if not pattern:
        raise InputError(
            f"{folder}: no pattern matches the {len(names)} given files and no others; "
            "put them into a folder of their own"
        )
    column, reason = _column_to_hash(columns)
    return HashSplit(pattern=pattern, column=column), reason


def _in_order(name: str) -> list[tuple[int, str]]:
    """Sorts day_9 before day_10."""
    parts = re.split(r"(\d+)", name)
    return [(int(part) if part.isdecimal() else -1, part) for part in parts]


def _ways_to_split(names: list[str]) -> Iterator[tuple[list[str], list[str], str]]:
    """Files to train on and to evaluate on, and why; the best way first."""
    train = [name for name in names if _TRAIN_WORDS & set(words_of(name))]
    held_out = [name for name in names if _EVAL_WORDS & set(words_of(name))]
    if len(train) + len(held_out) == len(names):
        for evaluate in (held_out, held_out[:1]):
            yield train, evaluate, "as the files' names say"
    if len({re.sub(r"\d+", "0", name) for name in names}) > 1:
        return
    for size in range(1, 1 + max(1, int(_LARGEST_SHARE_TO_EVALUATE * len(names)))):
        yield (
            names[:-size],
            names[-size:],
            f"in the order of their names, the first {len(names) - size} of "
            f"{len(names)} files train and what comes after evaluates",
        )


def _pattern(names: list[str], known: list[str]) -> str:
    """A glob such as `day_*.csv` or `day_0[1-6].csv` for these files only, else ''."""
    prefix = os.path.commonprefix(names)  # noqa: RUF071 (of characters)
    ends = [name[len(prefix) :][::-1] for name in names]
    suffix = os.path.commonprefix(ends)[::-1]  # noqa: RUF071
    star = "*" if len(names) > 1 else ""
    places = [(min(c), max(c)) for c in zip(*names, strict=False)]
    digits = [glob.escape(a) if a == z else f"[{a}-{z}]" for a, z in places]
    for pattern in (glob.escape(prefix) + star + glob.escape(suffix), "".join(digits)):
        if {name for name in known if fnmatchcase(name, pattern)} == set(names):
            return pattern
    return ""


def _column_to_hash(columns: Mapping[str, Column]) -> tuple[str, str]:
    """The column of the users, else of the rows, else that with the most values."""
    filled = [
        column
        for column in columns.values()
        if column.family in ("integer", "text") and not column.missing
    ]
    best = max(
        filled or [c for c in columns.values() if c.family != "other"],
        key=lambda column: (
            column.distinct >= _FEWEST_USERS
            and not _USER_WORDS.isdisjoint(words_of(column.name)),
            is_row_unique(column),
            column.distinct,
        ),
    )
    if best.distinct < _FEWEST_VALUES:
        # A few values would give splits that differ in more than chance.
        usable = [column for column in columns.values() if column.family != "other"]
        best = max(usable, key=lambda column: column.distinct)
    comment = (
        f"{best.distinct:,} distinct values in {best.rows:,} rows; rows with the same "
        "one fall into the same split"
    )
    if best.distinct < _FEWEST_VALUES:
        comment += ". They are few: better give separate files under 'splits'"
    dated = [column.name for column in columns.values() if time_example(column)]
    if dated:
        comment += f". Better: one file a day by {dated[0]!r}; the latest day evaluates"
    return best.name, comment
