"""Checks the label column, or says how to make a label of it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pydantic
import yaml

from config.errors import InputError
from config.examples import Label
from config.values.text_values import booleans_as_digits, example_of
from config.yaml_text import from_yaml
from ctr.infer.column import Column, Ints, listed, make_column, number, shown


def check_label(
    text: str, columns: Mapping[str, Column], total_rows: int
) -> tuple[Label, Ints]:
    """Finds the label of each row.

    Args:
      text: Name of the column or, for a label derived from a number, the label block
        in braces, such as `{column: tips, greater_than: 0}`.
      total_rows: Number of rows, sampled or not.

    Returns:
      The label block, and 0 or 1 for each sampled row.

    Raises:
      InputError: There is no such column, or it does not give a label.
    """
    label = _parse(text, columns)
    numbers = {name: _number_column(name, columns) for name in label.columns}
    label = _with_threshold(label, numbers[label.column])
    values = numbers[label.column].numbers
    times = numbers[label.times].numbers if label.times else 1.0
    # Without a threshold the values are 0 and 1.
    labels = (values > (label.greater_than or 0.0) * times).astype(np.int64)
    if len(set(labels.tolist())) == 1 and total_rows <= len(labels):
        raise InputError(
            f"--label: {label.column!r} gives {labels[0]} in all {len(labels):,} "
            "rows; both 0 and 1 are needed"
        )
    return label, labels


def _parse(text: str, columns: Mapping[str, Column]) -> Label:
    if text in columns or not text.startswith("{"):
        return Label(column=text)
    try:
        return Label.model_validate(from_yaml(text))
    except (yaml.YAMLError, pydantic.ValidationError) as error:
        raise InputError(
            f"--label {shown(text, 80)}: not a label block; expected a column's name "
            "or, for example, '{column: tips, greater_than: 0}'"
        ) from error


def _number_column(name: str, columns: Mapping[str, Column]) -> Column:
    """A column of plain numbers without gaps; booleans are the numbers 1 and 0."""
    if name not in columns:
        raise InputError(
            f"--label: no column {name!r}; columns found: "
            f"{listed(columns, most=50)}{_remedy(name, columns)}"
        )
    column = columns[name]
    if column.family == "text":
        numbers = make_column(name, booleans_as_digits(column.values))
        column = numbers if numbers.is_number else column
    if not column.is_number:
        held = [] if column.family == "other" else column.counts
        raise InputError(
            f"--label: column {name!r} holds {listed(held) or 'no values'} "
            f"({column.values.type}); allowed: the numbers 0 and 1, or booleans; write "
            "1 for a click and 0 for none"
        )
    if column.number_format is not None:
        raise InputError(
            f"--label: column {name!r} has numbers like "
            f"{example_of(column.number_format)}; allowed: plain ones, such as 1909.5"
        )
    if column.missing:
        raise InputError(
            f"--label: column {name!r} is missing in {column.missing:,} of "
            f"{column.rows:,} rows sampled; each row needs a label"
        )
    return column


def _remedy(name: str, columns: Mapping[str, Column]) -> str:
    """Advice where a name differs by blanks, or a file was not taken apart."""
    if alike := [each for each in columns if each.strip().lower() == name.lower()]:
        return f"; give --label {alike[0]!r}"
    if len(columns) == 1:
        return "; separate the fields of a CSV file by one of , ; | ^ ~ tab and blank"
    return ""


def _with_threshold(label: Label, column: Column) -> Label:
    """The block, with a threshold where two numbers other than 0 and 1 need one."""
    values = sorted(column.counts)
    if label.greater_than is not None or set(values) <= {0, 1}:
        return label
    if len(values) == 2:
        return Label(column=label.column, greater_than=float(values[0]))
    raise InputError(
        f"--label: column {label.column!r} holds {len(values):,} distinct numbers from "
        f"{number(values[0])} to {number(values[-1])}; allowed: 0 and 1. To make a "
        "label of it, give the label block with a threshold (greater_than): "
        f"--label '{{column: {label.column}, greater_than: 0}}'. Where it counts the "
        "clicks of several impressions, write a row for each impression"
    )
