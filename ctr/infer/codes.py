"""Tells whole numbers that name something from whole numbers that count something."""

from __future__ import annotations

import numpy as np

from ctr.infer.column import Column, Ints
from ctr.infer.held_out import STANDARD_ERRORS, HeldOut
from ctr.infer.names import named_meaning

_MOST_LEVELS = 31  # days of a month; hours, positions and months are fewer
_FEWEST_DIGITS = 12  # of what nobody counts
_FEWEST_SPREAD = 100  # values that may be spread evenly by more than chance
_LARGEST_SPREAD = 0.1  # of codes such as 15,701 to 15,912, as a share of them
_FEWEST_ROWS_A_VALUE = 5
_RANGES = 50
_LARGEST_DISTANCE = 0.05


def code_reason(column: Column, labels: Ints) -> str | None:
    """Returns the reason why whole numbers are names; None for quantities.

    Args:
      column: A column of whole numbers.
      labels: The label of each row.
    """
    if column.number_format is not None or column.distinct < 2:
        return None  # Nobody groups the digits of an id.
    meaning = named_meaning(column.name)
    if meaning == "id":
        return "an id by its name"
    if _has_levels(column, far_apart=meaning is None):
        return "each is a category"
    if meaning == "quantity":
        return None
    low, high = column.numbers.min(), column.numbers.max()
    digits = len(f"{max(abs(low), abs(high)):.0f}")
    if digits >= _FEWEST_DIGITS:
        return f"{digits} digits"
    if high - low < _LARGEST_SPREAD * min(abs(low), abs(high)):
        return "close together and far from 0, as codes are"
    if column.present >= _FEWEST_ROWS_A_VALUE * column.distinct:
        in_ranges = HeldOut(labels, [column.codes(_RANGES)])
        errors = in_ranges.gain(column.codes(None)).errors
        if errors > STANDARD_ERRORS:
            return (
                f"each tells more than {_RANGES} ranges ({errors:.0f} standard errors)"
            )
    if column.distinct >= _FEWEST_SPREAD and _distance(column) < _LARGEST_DISTANCE:
        return "spread evenly, as ids are"
    return None


def _has_levels(column: Column, *, far_apart: bool) -> bool:
    """Returns True if whole numbers are few, such as hours."""
    if column.distinct > min(_MOST_LEVELS, max(2, column.present / 20)):
        return False
    span = column.numbers.max() - column.numbers.min() + 1
    return far_apart or column.distinct <= 2 or bool(span <= 2 * column.distinct)


def _distance(column: Column) -> float:
    """Kolmogorov's distance of the values from an even spread over their range."""
    ordered = np.sort(column.numbers)
    even = (ordered - ordered[0]) / (ordered[-1] - ordered[0])
    steps = np.arange(1, len(ordered) + 1) / len(ordered)
    return float(np.max(np.abs(even - steps)))
