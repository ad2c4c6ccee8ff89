"""Guesses which examples train and which evaluate."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from components.example_gen.times import time_keys
from config.errors import InputError
from config.examples import HashSplit, Splits, TimeSplit
from config.names import is_column_name
from config.spans import Spans
from ctr.infer.column import Column, Rows
from ctr.infer.exclusions import time_example
from ctr.infer.file_names import glob_of, guess_spans
from ctr.infer.ids_or_quantities import names_occasion, words_of
from ctr.infer.sample import is_hidden

_USER_WORDS = {"user", "userid", "uid", "visitor", "customer", "member", "cookie"}
_ROW_IDS = {"id", "uuid", "guid", "rowid", "eventid", "logid", "recordid", "bidid"}
_OTHER_TIMES = {"birth", "birthday", "dob", "signup", "registered", "release", "expiry"}
_TRAIN_WORDS = {"train", "training"}
_EVAL_WORDS = {"test", "eval", "valid", "validation", "val", "dev", "holdout"}
_SHARD_WORDS = {"part", "shard", "chunk", "piece", "partition", "bucket", "of"}
_TIME_FOLDER = re.compile(r"(year|y|month|m|week|w|hour|h)=", re.IGNORECASE)
# Values of a column that rows can be split by fairly.
_FEWEST_VALUES = 100
_LARGEST_SHARE_TO_EVALUATE = 0.4


def guess_split(
    files: Sequence[Path], columns: Mapping[str, Column], rows: Rows
) -> tuple[Splits | HashSplit | TimeSplit | Spans, str]:
    """Splits as the files' names say, one a day or train and test; by time; by a hash.

    Returns:
      The block of the configuration, and why.

    Raises:
      InputError: No pattern matches the files and no others.
    """
    folder = common_folder(files)
    paths = {path.absolute().relative_to(folder) for path in files}
    names = sorted(map(str, paths), key=_in_order)
    depths = {len(path.parts) for path in paths}
    if len(depths) > 1:
        raise InputError(
            f"{folder}: the files lie in folders of several depths, which no pattern "
            "matches; put them into one folder, or into folders side by side"
        )
    there = [
        p for p in folder.glob("/".join("*" * max(depths))) if not is_hidden(p.name)
    ]
    known = [str(path.relative_to(folder)) for path in there]
    if by_day := guess_spans(names, known):
        return by_day
    for train, evaluate, reason in _ways_to_split(names):
        past, future = glob_of(train, known), glob_of(evaluate, known)
        if past and future:
            return Splits(train=past, eval=future), reason
    pattern = glob_of(names, known)
    if not pattern:
        raise InputError(
            f"{folder}: no pattern matches the {len(names)} given files and no others; "
            "put them into a folder of their own"
        )
    columns = {name: c for name, c in columns.items() if is_column_name(name)}
    times = {
        name: time
        for name, column in columns.items()
        if not _OTHER_TIMES.intersection(words_of(name))
        and (time := time_example(column))
        and (column.distinct > 1 or not rows.are_all)
    }
    return _by_time(pattern, columns, times) or _by_hash(pattern, columns, times, rows)


def folders_of(split: Splits | HashSplit | TimeSplit | Spans) -> set[str]:
    """The columns in the names of folders that tell what evaluates, such as a day."""
    folders = []
    if isinstance(split, Spans):
        folders = [folder for folder in split.pattern.split("/") if "{" in folder]
    elif isinstance(split, Splits):
        levels = zip(split.train.split("/"), split.eval.split("/"), strict=False)
        folders = [past for past, future in levels if past != future]
    return {folder.partition("=")[0] for folder in folders}


def common_folder(files: Sequence[Path]) -> Path:
    """The innermost folder of all files, above those with a date or a column."""
    folders = {path.absolute().parent for path in files}
    folder = Path(os.path.commonpath(folders))
    while "=" in folder.name or (len(folders) > 1 and folder.name.isdecimal()):
        folder = folder.parent
    return folder


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
    *folders, file = names[0].split("/")
    if folders and not all(map(_TIME_FOLDER.match, folders)):
        return
    if not folders and _SHARD_WORDS & set(words_of(file)):
        return  # What is written in pieces has no order, or one of another kind.
    key, what = (os.path.dirname, "folders") if folders else (str, "files")
    groups = [list(group) for _, group in itertools.groupby(names, key)]
    for size in range(1, 1 + max(1, int(_LARGEST_SHARE_TO_EVALUATE * len(groups)))):
        yield (
            list(itertools.chain(*groups[:-size])),
            list(itertools.chain(*groups[-size:])),
            f"in the order of their names, the first {len(groups) - size} of "
            f"{len(groups)} {what} train and what comes after evaluates",
        )


def _by_time(
    pattern: str, columns: Mapping[str, Column], times: Mapping[str, str]
) -> tuple[TimeSplit, str] | None:
    """A split by the column of times that has the most of them."""
    usable = []
    for name in times:
        # What ExampleGen can order the rows by.
        with contextlib.suppress(InputError):
            time_keys(name, pa.chunked_array([columns[name].values]))
            usable.append(columns[name])
    if not usable:
        return None
    column = max(usable, key=lambda each: each.distinct)
    return TimeSplit(pattern=pattern, column=column.name), (
        f"by time, since a model is used on later examples than it was trained on: the "
        f"latest fifth by {column.name!r} (such as {times[column.name]}) evaluates"
    )


def _by_hash(
    pattern: str, columns: Mapping[str, Column], times: Mapping[str, str], rows: Rows
) -> tuple[HashSplit, str]:
    """A split by what is shown together, else by the row, by its id if it has one."""
    filled = [
        column
        for column in columns.values()
        if column.family in ("integer", "text") and not column.missing
    ]
    no_time = f"{_why_not_by_time(columns, times)}, so rows are dealt out by a hash"
    for column in filled:
        if names_occasion(column.name) and column.distinct >= _FEWEST_VALUES:
            return HashSplit(pattern=pattern, column=column.name), (
                f"{no_time} of {column.name!r} ({column.distinct:,} distinct values in "
                f"{column.rows:,} rows): what is shown together stays together"
            )
    for column in filled:
        if column.distinct == column.rows and _is_row_id(column.name, rows):
            return HashSplit(pattern=pattern, column=column.name), (
                f"{no_time} of {column.name!r}, of which each row has its own"
            )
    comment = f"{no_time} of the whole row"
    users = [c.name for c in filled if _USER_WORDS.intersection(words_of(c.name))]
    if users:
        comment += (
            f" (with column: {users[0]} the model is judged on users whom it has never "
            "seen)"
        )
    return HashSplit(pattern=pattern), comment


def _is_row_id(name: str, rows: Rows) -> bool:
    """Returns True if a column that is unique in the sample is unique in all rows."""
    words = words_of(name)
    if _USER_WORDS.intersection(words):
        return False
    return rows.are_all or "".join(words) in _ROW_IDS


def _why_not_by_time(columns: Mapping[str, Column], times: Mapping[str, str]) -> str:
    if not times:
        return "no column of times to split by"
    name = max(times, key=lambda name: columns[name].distinct)
    if missing := columns[name].missing:
        return f"{name!r} has no time in {missing:,} rows"
    return (
        f"{name!r} gives no order as it is written (such as {times[name]}; "
        "2024-01-31 07:30:00 would)"
    )
