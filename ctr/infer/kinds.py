"""Guesses what a column means: the kind of feature, and its settings."""

from __future__ import annotations

from collections.abc import Collection, Container
from typing import Any, NamedTuple

import numpy as np
import pyarrow.compute as pc

from config.columns import bucket_name, missing_name
from config.features import Categorical, Feature, Numeric
from config.names import COLUMN_NAME_RULE, is_column_name
from config.values.text_values import example_of
from ctr.infer.column import Column, Rows, count, number, percent
from ctr.infer.exclusions import reason_to_leave_out, time_example
from ctr.infer.ids_or_quantities import id_reason, named_meaning, names_version
from ctr.infer.lists import delimiter_of
from ctr.infer.number_hints import number_hint
from ctr.infer.vocabulary import (
    LARGEST_VOCABULARY,
    buckets_for,
    estimate_distinct,
)

BUCKETS = 10

_FEWEST_TO_CUT = 50  # values, of which the rare are not worth an id


class Guess(NamedTuple):
    """Inferred kind of a column; the feature is None where it is left out.

    Attributes:
      comment: The figure behind it.
      values: About how many values it has in all data.
      auc: AUC of the column by itself; 0.5 where it is unknown.
    """

    feature: Feature | None
    comment: str
    values: int = 0
    auc: float = 0.5


def guess(column: Column, rows: Rows, taken: Container[str]) -> Guess:
    """Guesses what a column means, and gives the figure behind it.

    Args:
      taken: Names that columns made of this one cannot have.
    """
    code = id_reason(column, rows.labels) if column.family == "integer" else None
    is_known = column.family != "other" and column.present > 0
    auc = column.auc(rows) if is_known else 0.5
    is_text = column.family == "text" and column.present > 0
    hint = _number_hint(column) if is_text else ""
    delimiter = delimiter_of(column) if is_text and not hint else None
    if reason := reason_to_leave_out(
        column, auc, is_code=code is not None, is_list=delimiter is not None
    ):
        return Guess(None, reason + hint)
    if not is_column_name(column.name):
        return Guess(None, f"its name is not {COLUMN_NAME_RULE}; rename the column")
    guessed = _guess(column, rows, code, delimiter, taken)._replace(auc=auc)
    comment = guessed.comment + hint
    if column.missing:
        comment += f"; missing in {percent(column.missing, column.rows)}"
    return guessed._replace(comment=comment)


def _number_hint(column: Column) -> str:
    """A clause on texts that may be meant as numbers, where they name nothing."""
    time = time_example(column)
    # 07:30 may be a duration.
    if named_meaning(column.name) == "id" or (time and ":" not in time):
        return ""
    hint = number_hint(column.items)
    return f"; {hint}" if hint else ""


def _guess(
    column: Column,
    rows: Rows,
    code: str | None,
    delimiter: str | None,
    taken: Container[str],
) -> Guess:
    settings: dict[str, Any] = {}
    counts = column.counts
    if column.missing_words:
        settings["missing_values"] = column.missing_words
    if delimiter is not None:
        settings["delimiter"] = delimiter
        counts = count(pc.list_flatten(pc.split_pattern(column.items, delimiter)))
    if column.family == "list":
        settings["multivalued"] = True
    is_version = column.family == "decimal" and names_version(column.name)
    if column.is_number and code is None and not is_version:
        return _numeric(column, settings, taken)
    return _categorical(column, counts.values(), rows, code, settings)


def _categorical(
    column: Column,
    counts: Collection[int],
    rows: Rows,
    code: str | None,
    settings: dict[str, Any],
) -> Guess:
    """An id for each value, as far as a vocabulary goes."""
    values = estimate_distinct(counts, rows.share)
    comment = f"{len(counts):,} distinct values in {column.rows:,} rows"
    if code is not None:
        comment = f"{len(counts):,} distinct whole numbers {_range(column)}: {code}"
    if values > len(counts):
        # Without the digits that the estimate does not know.
        values = max(len(counts), int(float(f"{values:.1e}")))
        comment += f", about {values:,} in all rows"
    if "multivalued" in settings or "delimiter" in settings:
        comment += f"; lists of {sum(counts) / column.present:.1f} on average"
    once = sum(times == 1 for times in counts)
    if once and len(counts) >= _FEWEST_TO_CUT:
        # So that the id of unknown values is trained, by values as rare as those.
        settings["min_frequency"] = 2
        comment += f"; {once:,} of them once, which share the id of unknown ones"
    if values > LARGEST_VOCABULARY:
        settings["top_k"] = LARGEST_VOCABULARY
        comment += (
            f"; the {LARGEST_VOCABULARY:,} most frequent have their own ids (hashed, "
            f"all would take {buckets_for(values):,} buckets for 1% of collisions)"
        )
    return Guess(Categorical(**settings), comment, values)


def _numeric(column: Column, settings: dict[str, Any], taken: Container[str]) -> Guess:
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
        settings["buckets"] = BUCKETS
    if column.number_format is not None:
        settings |= column.number_format.model_dump(exclude_defaults=True)
        comment += f"; written like {example_of(column.number_format)}"
        mark = column.number_format.thousands
        whole = bool(np.all(column.numbers == np.floor(column.numbers)))
        if mark in (",", ".") and whole and np.abs(column.numbers).max() < 1_000_000:
            comment += (
                f"; if {mark!r} starts a fraction, write decimal: {mark!r} instead"
            )
    return Guess(Numeric(**settings), comment)


def _range(column: Column) -> str:
    return f"from {number(column.numbers.min())} to {number(column.numbers.max())}"
