"""Guesses what a column means: the kind of feature, and its settings."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any, NamedTuple

import numpy as np
import pyarrow.compute as pc

from pipeline.config.columns import bucket_name, missing_name
from pipeline.config.features import Categorical, Feature, Hashed, Numeric
from pipeline.infer.column import Column, Ints, count, number, percent, words_of
from pipeline.infer.leave_out import reason_to_leave_out

_LARGEST_VOCABULARY = 1_000
_LARGEST_RARE_VOCABULARY = 100
_MOST_LEVELS = 31  # days of a month; hours, positions and months are fewer
_RARE = 5
_DELIMITERS = ("|", ";", ", ", ",")
_CODE_WORDS = set(
    "id ids uid uuid guid code key hash zip zipcode postcode tract area region zone "  # noqa: SIM905
    "category type class segment cluster channel user visitor customer device item "
    "product ad advertiser campaign creative publisher site".split()
)


class Guess(NamedTuple):
    """What a column was taken for; the feature is None where it is left out."""

    feature: Feature | None
    comment: str


def guess(column: Column, labels: Ints, taken: Container[str]) -> Guess:
    """Guesses what a column means, and gives the figure behind it.

    Args:
      column: The column.
      labels: The label of each row.
      taken: Names that columns made of this one cannot have.
    """
    if reason := reason_to_leave_out(column, labels):
        return Guess(None, reason)
    if not is_legal_name(column.name):
        return Guess(
            None,
            "a feature's name starts with a letter and has only A-Z, a-z, 0-9 and _; "
            "rename the column in your data to use it",
        )
    feature, comment = _feature(column, taken)
    if column.missing:
        comment += f"; missing in {percent(column.missing, column.rows)}"
    return Guess(feature, comment)


def is_legal_name(name: str) -> bool:
    """Whether the configuration accepts a name."""
    return name.isascii() and name.isidentifier() and not name.startswith("_")


def _feature(column: Column, taken: Container[str]) -> tuple[Feature, str]:
    if column.family == "list":
        return _discrete(column, column.counts, {"multivalued": True})
    if column.family == "text":
        return _text(column)
    if column.family == "integer":
        if _has_levels(column):
            values = f"{column.distinct} distinct whole numbers {_range(column)}"
            return Categorical(), f"{values}: each is a category"
        if _CODE_WORDS.intersection(words_of(column.name)[-1:]):
            return _discrete(column, column.counts, {})
    return _numeric(column, taken)


def _text(column: Column) -> tuple[Feature, str]:
    """One value, or a list of values that is written as one string."""
    for delimiter in _DELIMITERS:
        if pc.mean(pc.match_substring(column.items, delimiter)).as_py() < 0.1:
            continue
        items = count(pc.list_flatten(pc.split_pattern(column.items, delimiter)))
        # A comma is also punctuation: it separates values only if those come again.
        repeats = 2 if delimiter.startswith(",") else 1
        if repeats * len(items) <= column.distinct:
            return _discrete(column, items, {"delimiter": delimiter})
    return _discrete(column, column.counts, {})


def _discrete(
    column: Column, counts: Mapping[Any, int], settings: dict[str, Any]
) -> tuple[Feature, str]:
    """A categorical or hashed feature, as the number of its values suggests."""
    distinct = len(counts)
    rare = sum(times < _RARE for times in counts.values())
    comment = f"{distinct:,} distinct values in {column.rows:,} rows"
    if settings:
        average = sum(counts.values()) / column.present
        comment += f"; lists of {average:.1f} on average"
    # Where most values are rare, more are still to come: ids of users, for instance.
    largest = _LARGEST_RARE_VOCABULARY if 2 * rare > distinct else _LARGEST_VOCABULARY
    if distinct > largest:
        comment += "; hashed to at least twice as many buckets"
        return Hashed(buckets=2 ** (2 * distinct).bit_length(), **settings), comment
    if rare and distinct >= 50 and column.rows >= 1_000:
        settings = {**settings, "min_frequency": _RARE}
        comment += f"; {rare:,} of them in fewer than {_RARE} rows"
    return Categorical(**settings), comment


def _has_levels(column: Column) -> bool:
    """Whether whole numbers are few and close together, as hours are."""
    span = column.numbers.max() - column.numbers.min() + 1
    few = column.distinct <= min(_MOST_LEVELS, max(2, column.present / 20))
    return few and bool(column.distinct <= 2 or span <= 2 * column.distinct)


def _numeric(column: Column, taken: Container[str]) -> tuple[Feature, str]:
    settings: dict[str, Any] = {}
    comment = f"{column.distinct:,} distinct numbers {_range(column)}"
    zeros = float(np.mean(column.numbers == 0))
    deviations = column.numbers - column.numbers.mean()
    skewness = np.mean((deviations / (deviations.std() or 1.0)) ** 3)
    uneven = zeros > 0.5 or skewness > 3
    if zeros > 0.5:
        comment += f"; 0 in {percent(zeros, 1)} of the rows"
    elif uneven:
        comment += f"; a long tail (skewness {skewness:.0f})"
    if uneven and np.abs(column.numbers).max() >= 10:
        settings["normalize"] = "log1p"
    if column.missing and missing_name(column.name) not in taken:
        settings["missing_indicator"] = True
    enough = column.distinct >= (5 if uneven else 20)
    if enough and bucket_name(column.name) not in taken:
        settings["buckets"] = 10
    return Numeric(**settings), comment


def _range(column: Column) -> str:
    return f"from {number(column.numbers.min())} to {number(column.numbers.max())}"
