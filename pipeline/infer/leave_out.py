"""Reasons to leave a column out of the features."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

import numpy as np

from pipeline.infer.column import Column
from pipeline.infer.placeholders import not_numbers
from pipeline.infer.text import listed, number, percent, shown

LEAK_AUC = 0.99

_FEWEST_ROWS_FOR_UNIQUE_NUMBERS = 1_000
_TEXT_LOOKED_AT = 1_000
_LEAST_SHARE_PRESENT = 0.001
_FIRST, _LAST = datetime(1995, 1, 1), datetime(2100, 1, 1)
_EPOCH = datetime(1970, 1, 1)
_LONGEST_LOG = timedelta(days=20 * 366)
_UNITS_IN_A_SECOND = (1, 10**3, 10**6, 10**9)
_COMPACT_DATES = ("%Y%m%d", "%y%m%d%H", "%Y%m%d%H", "%Y%m%d%H%M%S")
_WRITTEN_DATE = re.compile(
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}([T ]\d{1,2}:\d{2}.*)?"
    r"|\d{1,2}[-/.]\d{1,2}[-/.]\d{4}( \d{1,2}:\d{2}.*)?"
    r"|\d{1,2}:\d{2}(:\d{2})?"
)


def reason_to_leave_out(column: Column, auc: float) -> str | None:
    """Says why a column should not be a feature.

    Args:
      column: The column.
      auc: What it tells of the label by itself.

    Returns:
      The reason in plain words with the figure behind it, or None.
    """
    for check in (_unsupported, _empty, _constant):
        if reason := check(column):
            return reason
    if auc > LEAK_AUC:
        return (
            f"tells the label by itself (AUC {auc:.3f}), so it may be known only after "
            "the label; add it if it is known before"
        )
    for check in (_time, _free_text, _row_unique, _mostly_numbers):
        if reason := check(column):
            return reason
    return None


def is_row_unique(column: Column) -> bool:
    """Whether (nearly) each row has a value of its own, as an impression id does."""
    if column.family == "text":
        return column.distinct > 1 and column.distinct >= 0.98 * column.present
    enough = column.present >= _FEWEST_ROWS_FOR_UNIQUE_NUMBERS
    return column.family == "integer" and enough and column.distinct == column.present


def time_example(column: Column) -> str | None:
    """The first value, read as a point in time; None where the values are none."""
    if column.family == "time":
        return shown(column.distinct_values[0])
    if column.family == "text":
        return _written_time(column)
    return _numeric_time(column) if column.is_number else None


def _unsupported(column: Column) -> str | None:
    if column.family == "other":
        return f"a feature cannot be of type {shown(column.type_name, 60)}"
    return None


def _empty(column: Column) -> str | None:
    if column.present == 0:
        return f"no value in {column.rows:,} rows"
    if column.present < _LEAST_SHARE_PRESENT * column.rows:
        return f"a value in only {column.present:,} of {column.rows:,} rows"
    return None


def _constant(column: Column) -> str | None:
    if column.distinct > 1 or column.missing:
        return None
    value = shown(column.distinct_values[0])
    return f"the same value in all {column.rows:,} rows: {value}"


def _time(column: Column) -> str | None:
    if example := time_example(column):
        return (
            f"a point in time, such as {example}; later rows never repeat it: "
            "give its hour or weekday as a column"
        )
    return None


def _row_unique(column: Column) -> str | None:
    if not is_row_unique(column):
        return None
    return (
        f"{column.distinct:,} distinct values in {column.present:,} rows, like an "
        "impression id: nothing to learn from"
    )


def _mostly_numbers(column: Column) -> str | None:
    """Text in which only a placeholder such as NA keeps a column from being numbers."""
    if column.family != "text" or column.distinct <= 50:
        return None
    others = not_numbers(column.items)
    if not 0 < len(others) <= 0.2 * column.present:
        return None
    share = percent(len(others), column.present)
    return (
        f"numbers but for {share} of the rows ({listed(others.unique().to_pylist())}); "
        "if those mean a missing value, add them to examples.missing_values"
    )


def _free_text(column: Column) -> str | None:
    if column.family != "text" or column.distinct < 0.5 * column.present:
        return None
    words = np.mean([len(value.split()) for value in column.distinct_values[:1_000]])
    if words < 4:
        return None
    return (
        f"free text: {words:.0f} words a value, {column.distinct:,} distinct values "
        f"in {column.present:,} rows"
    )


def _written_time(column: Column) -> str | None:
    values = column.distinct_values[:_TEXT_LOOKED_AT]
    if values and all(_WRITTEN_DATE.fullmatch(value.strip()) for value in values):
        return shown(values[0])
    return None


def _numeric_time(column: Column) -> str | None:
    numbers = column.numbers
    if column.distinct < 2 or not len(numbers):
        return None
    low, high = float(numbers.min()), float(numbers.max())
    for units in _UNITS_IN_A_SECOND:
        begin, end = low / units, high / units
        in_range = _seconds(_FIRST) <= begin and end < _seconds(_LAST)
        if in_range and end - begin <= _LONGEST_LOG.total_seconds():
            when = datetime.fromtimestamp(begin, timezone.utc)
            return f"{number(low).replace(',', '')} ({when:%Y-%m-%d %H:%M} UTC)"
    return _compact_time(column) if column.family == "integer" else None


def _seconds(when: datetime) -> float:
    return (when - _EPOCH).total_seconds()


def _compact_time(column: Column) -> str | None:
    """Finds dates that are written as one number, such as 20140521."""
    values = [str(value) for value in column.distinct_values[:_TEXT_LOOKED_AT]]
    for form in _COMPACT_DATES:
        if all(_is_date(value, form) for value in values):
            return f"{values[0]} (a date)"
    return None


def _is_date(value: str, form: str) -> bool:
    if len(value) != len(_FIRST.strftime(form)):
        return False
    try:
        return _FIRST <= datetime.strptime(value, form) < _LAST
    except ValueError:
        return False
