"""Guesses which examples train and which evaluate."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, groupby
from pathlib import Path

from pipeline.config.examples import HashSplit, Splits
from pipeline.infer.column import Column
from pipeline.infer.globs import glob_for
from pipeline.infer.leave_out import is_row_unique, time_example
from pipeline.infer.text import number, percent, words_of

_USER_WORDS = frozenset(
    """
    user visitor customer member device cookie session person household account client
    subscriber uid
    """.split()  # noqa: SIM905
)
_TRAIN_WORDS = frozenset({"train", "training"})
_EVAL_WORDS = frozenset(
    {"test", "eval", "valid", "validation", "val", "dev", "holdout"}
)


@dataclass(frozen=True)
class SplitGuess:
    """How the examples are split.

    Attributes:
      root: The folder below which the patterns are.
      block: The block of the configuration.
      comment: Why, with the figure behind it.
    """

    root: Path
    block: Splits | HashSplit
    comment: str


def guess_split(files: Sequence[Path], columns: Mapping[str, Column]) -> SplitGuess:
    """Splits several files by time, and a single one by a hash.

    Args:
      files: The files.
      columns: The sampled columns that are not the label.
    """
    paths = sorted({path.absolute() for path in files}, key=_natural)
    root = Path(os.path.commonpath([path.parent for path in paths]))
    names = [path.relative_to(root).as_posix() for path in paths]
    if len(names) == 1:
        column, comment = _column_to_hash(columns)
        return SplitGuess(
            root, HashSplit(pattern=glob_for(names, []) or "*", column=column), comment
        )
    others = _other_files(root, paths)
    block, comment = _by_name(names, others) or _by_time(names, others)
    return SplitGuess(root, block, comment)


def _natural(path: Path) -> list[tuple[int, str]]:
    """Sorts day_9 before day_10."""
    return [
        (int(part), "") if part.isdecimal() else (-1, part)
        for part in re.split(r"(\d+)", path.as_posix())
    ]


def _other_files(root: Path, paths: Sequence[Path]) -> list[str]:
    """Files beside the given ones, which the patterns must not match."""
    beside = {
        file for path in paths for file in path.parent.iterdir() if file.is_file()
    }
    return [path.relative_to(root).as_posix() for path in beside - set(paths)]


def _by_name(names: list[str], others: list[str]) -> tuple[Splits, str] | None:
    train = [name for name in names if _TRAIN_WORDS & set(words_of(name))]
    held_out = [name for name in names if name not in train]
    if not train or not all(_EVAL_WORDS & set(words_of(name)) for name in held_out):
        return None
    for evaluate in (held_out, held_out[:1]):
        splits = _separate(train, evaluate, [*names, *others])
        if splits is not None:
            unused = set(held_out) - set(evaluate)
            rest = f"; not used: {', '.join(sorted(unused))}" if unused else ""
            return splits, "as the files' names say" + rest
    return None


def _by_time(names: list[str], others: list[str]) -> tuple[Splits, str]:
    """The last files evaluate: about one in ten, as far as one pattern names them."""
    known = [*names, *others]
    unit, groups = _files_or_folders(names)
    wanted = max(1, len(groups) // 10)
    sizes = range(1, max(1, int(0.4 * len(groups))) + 1)
    for size in sorted(sizes, key=lambda size: abs(size - wanted)):
        train, evaluate = chain(*groups[:-size]), chain(*groups[-size:])
        splits = _separate(list(train), list(evaluate), known)
        if splits is not None:
            which = f"the last {unit}" if size == 1 else f"the last {size} {unit}s"
            return splits, (
                f"{which} of {len(groups)} in the order of their names for "
                "evaluation: train on the past, evaluate on what comes after"
            )
    return _latest_that_separate(names, known)


def _files_or_folders(names: list[str]) -> tuple[str, list[list[str]]]:
    """What is split: the folders where there are several, as one for each day."""
    folders = [list(group) for _, group in groupby(names, posixpath.dirname)]
    if len(folders) > 1:
        return "folder", folders
    return "file", [[name] for name in names]


def _latest_that_separate(names: list[str], known: list[str]) -> tuple[Splits, str]:
    """The last file evaluates, and the files before it train that a pattern names."""
    past, last = names[:-1], names[-1:]
    for dropped in range(len(past)):
        splits = _separate(past[dropped:], last, known)
        if splits is not None:
            break
    assert splits is not None  # one file always has a pattern
    return splits, (
        f"the last of {len(names)} files evaluates; {dropped} of the others are not "
        "read, since no one pattern names them all: give the last a folder of its own"
    )


def _separate(train: list[str], evaluate: list[str], known: list[str]) -> Splits | None:
    """Patterns that match just these files among the known ones."""
    train_glob = glob_for(train, set(known) - set(train))
    eval_glob = glob_for(evaluate, set(known) - set(evaluate))
    if train_glob is None or eval_glob is None:
        return None
    return Splits(train=train_glob, eval=eval_glob)


def _column_to_hash(columns: Mapping[str, Column]) -> tuple[str, str]:
    hint = _time_hint(columns)
    usable = [
        column
        for column in columns.values()
        if column.family in ("integer", "text") and not column.missing
    ]
    many = [column for column in usable if column.distinct >= 100]
    for column in many:
        if _USER_WORDS & set(words_of(column.name)):
            return column.name, (
                f"{column.distinct:,} distinct values; rows with the same one fall "
                "into the same split" + hint
            )
    for column in many:
        if is_row_unique(column):
            return column.name, "a different value in each row" + hint
    best = max(
        usable or [column for column in columns.values() if column.family != "other"],
        key=lambda column: column.distinct,
    )
    largest = percent(best.counts[0], best.rows) if best.distinct else "0%"
    return best.name, (
        f"no column looks like an id; this one has the most distinct values, "
        f"{number(best.distinct)}, the commonest in {largest} of the rows" + hint
    )


def _time_hint(columns: Mapping[str, Column]) -> str:
    for column in columns.values():
        if column.family != "other" and column.present and time_example(column):
            return (
                f". Better: one file a day by {column.name!r}, so that the latest day "
                "evaluates"
            )
    return ""
