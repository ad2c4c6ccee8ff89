"""Check of the configured slices against the statistics of all splits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
from tensorflow_data_validation import constants

from components.shared.statistics import Feature, Statistics, by_feature, has_values
from config.errors import ConfigError, close_to_or_some
from config.names import as_key
from config.parts import ExampleValidatorPart
from config.values.canonical_text import number_text


def check_slices(part: ExampleValidatorPart, statistics: Iterable[Statistics]) -> None:
    """Checks that slices have columns with values, and gates values that occur.

    Statistics list all values of a column of text up to 1,000, and of a numeric one the
    lowest and the highest. What they cannot tell passes.

    Args:
      part: The columns and the values of slices.
      statistics: Statistics of each split.

    Raises:
      ConfigError: A column has no value in any split, or not the one that a gate names.
    """
    by_split = [by_feature(each) for each in statistics]
    for where, columns in part.slices.items():
        for column in columns:
            if not _present(column, by_split):
                raise ConfigError(
                    f"{where}: got {column!r}, but no example has a value of it; "
                    "remove it there, or correct the examples"
                )
    for where, values in part.gated.items():
        for column, value in values.items():
            problem = _problem(value, _present(column, by_split))
            if problem is not None:
                key = f"{where}.{as_key(column)}"
                raise ConfigError(
                    f"{key}: got {value!r}, which no example has{problem}"
                )


def _present(column: str, by_split: Iterable[Mapping[str, Feature]]) -> list[Feature]:
    """Returns the statistics of a column, from the splits in which it has values."""
    found = [split[column] for split in by_split if column in split]
    return [feature for feature in found if has_values(feature)]


def _problem(value: str, column: Sequence[Feature]) -> str | None:
    """Describes the values of a column that lacks one; None if it may have it."""
    if column[0].HasField("num_stats"):
        return _out_of_range(float(value), column)
    if not all(map(_is_complete, column)):
        return None
    known = list(dict.fromkeys(label for split in column for label in _labels(split)))
    if value in known:
        return None
    return close_to_or_some(value, known)


def _out_of_range(value: float, column: Sequence[Feature]) -> str | None:
    low = min(feature.num_stats.min for feature in column)
    high = max(feature.num_stats.max for feature in column)
    if low <= float(np.float32(value)) <= high:
        return None
    return f"; its values are from {number_text(low)} to {number_text(high)}"


def _is_complete(feature: Feature) -> bool:
    """Returns True if the statistics list all values of a column of text."""
    labels = list(_labels(feature))
    # Long texts share one label.
    unlisted = constants.LARGE_BYTES_PLACEHOLDER in labels
    return len(labels) == feature.string_stats.unique and not unlisted


def _labels(feature: Feature) -> Iterator[str]:
    """Yields the values of a column of text, the most frequent first."""
    return (bucket.label for bucket in feature.string_stats.rank_histogram.buckets)
