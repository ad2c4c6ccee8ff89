"""Reasons to leave a column out of the features."""

from __future__ import annotations

import re
from datetime import datetime, timezone

import numpy as np

from ctr.infer.column import LARGEST_EXACT, Column, number, shown
from ctr.infer.ids_or_quantities import named_meaning, names_occasion, words_of

_LEAK_AUC = 0.99
_FEWEST_OCCASIONS = 100
_VALUES_LOOKED_AT = 1_000
_WORDS_OF_FREE_TEXT = 4
_LEAST_SHARE_PRESENT = 0.001
_YEAR = 365.25 * 86_400
_EARLIEST, _LATEST = 25 * _YEAR, 130 * _YEAR  # 1995 and 2100, in seconds from 1970
_LONGEST_LOG = 20 * _YEAR
_TIME_WORDS = {"timestamp", "stamp", "ts"}
_DAY_WORDS = {*_TIME_WORDS, "time", "date", "datetime", "day", "dt"}
_FIRST_EXCEL_DAY, _LAST_EXCEL_DAY = 34_700, 73_050  # 1995 and 2100
_DATE = re.compile(
    r"\d{4}[-/._]\d\d?[-/._]\d\d?([T _-]\d.*)?"
    r"|\d\d?[-/._]\d\d?[-/._]\d{4}([ T]\d.*)?"
    r"|\d\d?/\d\d?/\d\d( \d.*)?"
    r"|(19|20)\d\d-(0[1-9]|1[0-2])"
    r"|\d\d?:\d\d(:\d\d)?"
    # With the month in words, as in mails, in logs and in the United States.
    r"|([A-Z][a-z]+,? )?(\d\d?[ /-])?(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
    r"[a-z]*[ /,.-]+(\d.*[ ,])?\d{4}([ :]\d.*)?"
    # As one number: 20140521, also with a time, and 14052123 with its hour.
    r"|(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])"
    r"([T _-]?(\d\d|\d{4}|\d{6}|\d{9}))?"
    r"|\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])([01]\d|2[0-3])"
)


def reason_to_leave_out(
    column: Column, auc: float, *, is_code: bool, is_list: bool
) -> str | None:
    """Returns the reason why a column should not be a feature; None if it may be one.

    Args:
      auc: AUC of the column by itself.
      is_code: True if its numbers are names, and not quantities.
      is_list: True if its texts are lists, which share items where no two are equal.
    """
    if column.family == "other":
        return f"a feature cannot be of type {shown(column.values.type, 60)}"
    if column.present == 0:
        return f"no value in {column.rows:,} rows"
    if column.present < _LEAST_SHARE_PRESENT * column.rows:
        return f"a value in only {column.present:,} of {column.rows:,} rows"
    if column.distinct == 1 and not column.missing:
        value = shown(next(iter(column.counts)))
        return f"the same value in all {column.rows:,} rows: {value}"
    if column.family == "decimal" and (
        np.all(column.numbers == np.floor(column.numbers))
        and np.abs(column.numbers).max() >= LARGEST_EXACT
    ):
        return (
            "whole numbers beyond 2^53 as floats, which have lost their last digits: "
            "write ids as integers or texts"
        )
    if auc > _LEAK_AUC:
        return (
            f"tells the label by itself (AUC {auc:.3f}), so it may be known only after "
            "the label; add it if it is known before"
        )
    if example := time_example(column):
        return (
            f"a point in time, such as {example}; later rows never repeat it: "
            "give its hour, weekday or age as a column"
        )
    if is_list:
        return None
    distinct = f"{column.distinct:,} distinct values in {column.present:,} rows"
    if column.family == "text" and column.distinct >= 0.5 * column.present:
        values = list(column.counts)[:_VALUES_LOOKED_AT]
        words = np.mean([len(value.split()) for value in values])
        if words >= _WORDS_OF_FREE_TEXT:
            return f"free text: {words:.0f} words a value, {distinct}"
    names = column.family == "text" or is_code
    if names and column.distinct > 1 and column.distinct >= 0.98 * column.present:
        return f"{distinct}, like an impression id: nothing to learn from"
    if names_occasion(column.name) and column.distinct >= _FEWEST_OCCASIONS:
        return f"{distinct}, each for what is shown once: later rows have others"
    return None


def time_example(column: Column) -> str | None:
    """A value, read as a point in time; None where the values are none."""
    if column.family in ("list", "other") or not column.present:
        return None
    values = list(column.counts)[:_VALUES_LOOKED_AT]
    if column.family == "time":
        return shown(values[0])
    if column.is_number and named_meaning(column.name) == "id":
        return None  # The digits of an id may look like any time.
    if column.family != "decimal" and all(_DATE.fullmatch(str(v)) for v in values):
        return shown(values[0])
    if not column.is_number:
        return None
    if example := _seconds_from_1970(column):
        return example
    last_word = set(words_of(column.name)[-1:])
    low, high = column.numbers.min(), column.numbers.max()
    if last_word & _DAY_WORDS and _FIRST_EXCEL_DAY <= low < high <= _LAST_EXCEL_DAY:
        return f"{values[0]} (days, as Excel counts them)"
    # Some count from the first row on.
    return number(values[0]) if last_word & _TIME_WORDS else None


def _seconds_from_1970(column: Column) -> str | None:
    """Finds Unix time in seconds, or in milli-, micro- or nanoseconds."""
    for unit in (1, 10**3, 10**6, 10**9):
        low, high = column.numbers.min() / unit, column.numbers.max() / unit
        if _EARLIEST <= low < high < min(_LATEST, low + _LONGEST_LOG):
            when = datetime.fromtimestamp(low, timezone.utc)
            return f"{column.numbers.min():.0f} ({when:%Y-%m-%d %H:%M} UTC)"
    return None
