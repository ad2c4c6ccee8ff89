"""Spans of files, and those to train and to evaluate on."""

from __future__ import annotations

import hashlib
import os
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import date

from tfx import types
from tfx.components.example_gen import utils
from tfx.dsl.io import fileio

from components.example_gen.files import glob_data
from config.errors import InputError
from config.spans import (
    LATEST,
    SPAN_PLACEHOLDER,
    RunSpans,
    Spans,
    has_dates,
)

# Of an execution of ExampleGen and, the same, of the examples: `RunSpans` as JSON.
WINDOW = "window"
SPANS_PROPERTY = "spans"

# Those of dates have TFX's widths, but month=1 of Spark is January, too.
_ONE_OR_TWO = r"\d{2}|(?<!\d)\d(?!\d)"
_DIGITS = {
    "{YYYY}": r"(?P<year>\d{4})",
    "{MM}": rf"(?P<month>{_ONE_OR_TWO})",
    "{DD}": rf"(?P<day>{_ONE_OR_TWO})",
}
# The lazy star leaves all digits to a number after it.
_WILDCARDS = {"*": "[^/]*?", "?": "[^/]"}
_PIECE = re.compile(r"\{\w+(?::\d+)?\}|\[[!^]?\]?[^\]]*\]|.", re.DOTALL)

# Limit of ML Metadata.
_MOST_DIGITS = 18

# The files of each span, by its name.
Files = dict[str, list[str]]


def find_window(root: str, spans: Spans) -> tuple[RunSpans, Files]:
    """Finds the spans of a run, and the files of all spans that there are.

    Raises:
      InputError: There is no file of the newest span, or of none to train on.
    """
    files = span_files(root, spans.pattern)
    try:
        return choose_spans(spans, files), files
    except InputError as error:
        raise InputError(f"{os.path.join(root, spans.pattern)}: {error}") from error


def choose_spans(spans: Spans, names: Collection[str]) -> RunSpans:
    """Chooses among the spans that exist.

    Raises:
      InputError: The newest span does not exist, or none to train on does.
    """
    existing = set(map(span_number, names))
    if not existing:
        raise InputError(
            "no file is of a span; check examples.root (or --data) and "
            "examples.spans.pattern"
        )
    newest = _newest(spans, existing)
    first = newest - spans.eval + 1
    wanted = range(first - spans.train, newest + 1)
    there = [number for number in wanted if number in existing]
    if there[0] >= first:
        raise InputError(
            f"none of the {spans.train} spans before {span_name(first, spans.pattern)} "
            "has a file, so there is nothing to train on; name a newer span by --span"
        )
    gaps = range(max(wanted.start, min(existing)), newest)

    def named(numbers: Iterable[int]) -> tuple[str, ...]:
        return tuple(span_name(number, spans.pattern) for number in numbers)

    return RunSpans(
        train=named(number for number in there if number < first),
        eval=named(number for number in there if number >= first),
        missing=named(number for number in gaps if number not in existing),
    )


def _newest(spans: Spans, existing: Collection[int]) -> int:
    newest = max(existing)
    if spans.newest == LATEST:
        return newest
    named = span_number(spans.newest)
    if named not in existing:
        raise InputError(
            f"no file of span {spans.newest}; the newest that exists is "
            f"{span_name(newest, spans.pattern)}"
        )
    return named


def span_number(name: str) -> int:
    """The number of a span that a person named."""
    if name.isdecimal():
        return int(name)
    day = date.fromisoformat(name)
    number: int = utils.date_to_span_number(day.year, day.month, day.day)
    return number


def span_name(number: int, pattern: str) -> str:
    """Formats a span: a date where the pattern has one."""
    if not has_dates(pattern):
        return str(number)
    return date(*utils.span_number_to_date(number)).isoformat()


def span_files(root: str, pattern: str) -> Files:
    """The files of each span, in order.

    A file that the pattern would name by what is no date is of no span.
    """
    placeholders = (*map(re.escape, _DIGITS), SPAN_PLACEHOLDER.pattern)
    glob = re.sub("|".join(placeholders), "*", pattern)
    expression = _expression(pattern)
    files = defaultdict(list)
    for path in glob_data(os.path.join(root, glob)):
        found = expression.fullmatch(path)
        if found and (name := _name(found)) is not None:
            files[name].append(path)
    return dict(files)


def files_of(files: Files, names: Iterable[str]) -> list[str]:
    """The files of some spans."""
    return [path for name in names for path in files[name]]


def fingerprint(split: str, paths: Sequence[str]) -> str:
    """Fingerprint of files like TFX's, but with their names and order."""
    digest, total_bytes = hashlib.sha256(), 0
    for path in paths:
        stat = fileio.stat(path)
        total_bytes += stat.length
        digest.update(f"{path} {stat.length} {stat.mtime_nsec}\n".encode())
    return (
        f"split:{split},num_files:{len(paths)},total_bytes:{total_bytes},"
        f"checksum:{digest.hexdigest()[:16]}"
    )


def spans_of(examples: types.Artifact) -> RunSpans | None:
    """The spans of examples, where they are in spans."""
    text = examples.get_string_custom_property(SPANS_PROPERTY)
    return RunSpans.model_validate_json(text) if text else None


def newest_span(examples: types.Artifact) -> str:
    """Returns the newest span of examples; empty where they are not in spans."""
    spans = spans_of(examples)
    return "" if spans is None else spans.newest


def _expression(pattern: str) -> re.Pattern[str]:
    """Matches what a glob with placeholders does, and tells the span."""
    pieces = _PIECE.findall(pattern)
    return re.compile("(?:.*/)?" + "".join(map(_piece, pieces)), re.DOTALL)


def _piece(piece: str) -> str:
    if span := SPAN_PLACEHOLDER.fullmatch(piece):
        # All of a number's digits, so that 1 is not the span of the file 10.
        width = span["width"] or f"1,{_MOST_DIGITS}"
        return rf"(?P<span>\d{{{width}}})(?!\d)"
    if len(piece) > 1 and piece.startswith("["):
        return piece.replace("[!", "[^", 1)
    return _DIGITS.get(piece) or _WILDCARDS.get(piece) or re.escape(piece)


def _name(found: re.Match[str]) -> str | None:
    groups = found.groupdict()
    if "span" in groups:
        return str(int(groups["span"]))
    try:
        day = date(*(int(groups[key]) for key in ("year", "month", "day")))
    except ValueError:
        return None
    return day.isoformat()
