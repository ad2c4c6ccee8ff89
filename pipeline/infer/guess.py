"""Guesses what a column means: the kind of feature, and its settings."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow.compute as pc
from pydantic import TypeAdapter, ValidationError

from pipeline.config.base import Name
from pipeline.config.columns import bucket_name, missing_name
from pipeline.config.features import Categorical, Feature, Hashed, Numeric
from pipeline.infer.column import Column
from pipeline.infer.leave_out import reason_to_leave_out
from pipeline.infer.text import number, percent, words_of

_LARGEST_VOCABULARY = 1_000
_SMALL_VOCABULARY = 100
_MOST_LEVELS = 31  # days of a month; hours, positions and months are fewer
_RARE = 5
_DELIMITERS = ("|", ";", ", ", ",")
_CODE_WORDS = frozenset(
    """
    id ids uid uuid guid code codes key hash zip zipcode postcode tract area region zone
    district category type class segment cluster channel user visitor customer device
    item product ad advertiser campaign creative publisher site
    """.split()  # noqa: SIM905
)


@dataclass(frozen=True)
class Guess:
    """What a column was taken for.

    Attributes:
      name: The column.
      feature: The feature; None where the column is left out.
      comment: Why, with the figure behind it.
    """

    name: str
    feature: Feature | None
    comment: str


def guess(column: Column, auc: float, taken: Container[str]) -> Guess:
    """Guesses what a column means.

    Args:
      column: The column.
      auc: What it tells of the label by itself.
      taken: Names that columns made of this one cannot have.
    """
    if reason := reason_to_leave_out(column, auc):
        return Guess(column.name, None, reason)
    if not is_legal_name(column.name):
        return Guess(
            column.name,
            None,
            "a feature's name starts with a letter and has only A-Z, a-z, 0-9 and _; "
            "rename the column in your data to use it",
        )
    return _guess_feature(column, taken)


def _guess_feature(column: Column, taken: Container[str]) -> Guess:
    if column.family == "list":
        return _discrete(column, column.items.value_counts(), {"multivalued": True})
    if column.family == "text":
        return _text(column)
    if column.family == "integer" and _has_levels(column):
        return _levels(column)
    if column.family == "integer" and _is_named_as_code(column):
        return _discrete(column, column.items.value_counts(), {})
    return _numeric(column, taken)


def _is_named_as_code(column: Column) -> bool:
    return bool(_CODE_WORDS.intersection(words_of(column.name)[-1:]))


def is_legal_name(name: str) -> bool:
    """Whether the configuration accepts a name."""
    try:
        TypeAdapter(Name).validate_python(name)
    except ValidationError:
        return False
    return True


def _text(column: Column) -> Guess:
    for delimiter in _DELIMITERS:
        items = _split(column, delimiter)
        if items is not None:
            return _discrete(column, items, {"delimiter": delimiter})
    return _discrete(column, column.items.value_counts(), {})


def _split(column: Column, delimiter: str) -> Any | None:
    """The values inside delimited lists and their counts; None where it is no list."""
    share = pc.mean(pc.match_substring(column.items, delimiter)).as_py()
    if share < 0.1:
        return None
    items = pc.list_flatten(pc.split_pattern(column.items, delimiter)).value_counts()
    # A comma is also punctuation: it separates values only if those come again.
    repeats = 2 if delimiter.startswith(",") else 1
    return items if repeats * len(items) <= column.distinct else None


def _discrete(column: Column, items: Any, settings: dict[str, Any]) -> Guess:
    """A categorical or hashed feature, as the number of its values suggests."""
    counts = items.field("counts").to_numpy()
    notes = [f"{len(counts):,} distinct {_values(len(counts))} in {column.rows:,} rows"]
    if settings:
        notes.append(f"lists of {counts.sum() / column.present:.1f} on average")
    rare = int(np.sum(counts < _RARE))
    more_to_come = _is_named_as_code(column) and rare > len(counts) / 2
    if len(counts) > (_SMALL_VOCABULARY if more_to_come else _LARGEST_VOCABULARY):
        notes.append("hashed to at least twice as many buckets")
        return _made(
            column, Hashed(buckets=_round_up(2 * len(counts)), **settings), notes
        )
    if rare and len(counts) >= 50 and column.rows >= 1_000:
        settings = {**settings, "min_frequency": _RARE}
        notes.append(f"{rare:,} of them in fewer than {_RARE} rows")
    return _made(column, Categorical(**settings), notes)


def _has_levels(column: Column) -> bool:
    """Whether whole numbers are few and close together, as hours are."""
    span = column.numbers.max() - column.numbers.min() + 1
    few = column.distinct <= min(_MOST_LEVELS, max(2, column.present / 20))
    return few and (column.distinct <= 2 or span <= 2 * column.distinct)


def _looks_categorical(column: Column) -> bool:
    """Whether decimals are whole numbers that would otherwise be categories."""
    if column.family != "decimal" or np.any(column.numbers % 1):
        return False
    return _is_named_as_code(column) or _has_levels(column)


def _levels(column: Column) -> Guess:
    if column.distinct == 1:
        return _made(column, Categorical(), [f"always {_range(column)}, or missing"])
    values = f"{column.distinct} distinct whole numbers {_range(column)}"
    return _made(column, Categorical(), [f"{values}: each is a category"])


def _numeric(column: Column, taken: Container[str]) -> Guess:
    settings: dict[str, Any] = {}
    notes = [f"{column.distinct:,} distinct numbers {_range(column)}"]
    zeros = float(np.mean(column.numbers == 0))
    skewness = _skewness(column)
    uneven = zeros > 0.5 or skewness > 3
    if uneven:
        notes.append(
            f"0 in {percent(zeros, 1)} of the rows"
            if zeros > 0.5
            else f"a long tail (skewness {skewness:.0f})"
        )
        if np.abs(column.numbers).max() >= 10:
            settings["normalize"] = "log1p"
    if column.missing and missing_name(column.name) not in taken:
        settings["missing_indicator"] = True
    enough = column.distinct >= (5 if uneven else 20)
    if enough and bucket_name(column.name) not in taken:
        settings["buckets"] = 10
    if _looks_categorical(column):
        notes.append("if these are codes, write them without a decimal point")
    return _made(column, Numeric(**settings), notes)


def _made(column: Column, feature: Feature, notes: Iterable[str]) -> Guess:
    comment = "; ".join(notes)
    if column.missing:
        comment += f"; missing in {percent(column.missing, column.rows)}"
    return Guess(column.name, feature, comment)


def _values(number_of: int) -> str:
    return "value" if number_of == 1 else "values"


def _range(column: Column) -> str:
    low, high = column.numbers.min(), column.numbers.max()
    if low == high:
        return number(low)
    return f"from {number(low)} to {number(high)}"


def _skewness(column: Column) -> float:
    centred = column.numbers - column.numbers.mean()
    deviation = centred.std()
    return float(np.mean((centred / deviation) ** 3)) if deviation > 0 else 0.0


def _round_up(value: int) -> int:
    """The next of 1, 2, 5, 10, 20, 50, ..."""
    step = 1
    while True:
        for factor in (1, 2, 5):
            if factor * step >= value:
                return factor * step
        step *= 10
