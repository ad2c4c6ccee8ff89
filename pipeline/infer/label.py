"""Checks the label column, or says how to make a label of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pydantic
import yaml

from pipeline.config.examples import Label
from pipeline.errors import InputError
from pipeline.infer.column import Column, Floats, Ints
from pipeline.infer.text import listed, number, percent, shown


@dataclass(frozen=True)
class CheckedLabel:
    """A label that the configuration can use.

    Attributes:
      block: The label block.
      values: 0 or 1 for each sampled row.
      comment: The figure behind it.
    """

    block: Label
    values: Ints
    comment: str


def check_label(text: str, columns: Mapping[str, Column]) -> CheckedLabel:
    """Finds the label of each row.

    Args:
      text: Name of the column or, for a label derived from a number, the label block
        in braces, such as `{column: tips, greater_than: 0}`.
      columns: The sampled columns.

    Raises:
      InputError: There is no such column, or it does not give a label.
    """
    block = _parse(text, columns)
    for name in block.columns:
        _check_column(name, columns)
    block = _with_threshold(block, columns)
    values = _derive(block, columns)
    clicks = int(values.sum())
    if clicks in (0, len(values)):
        raise InputError(
            f"--label: {block.column!r} gives {int(values[0])} in all {len(values):,} "
            "rows sampled; both 0 and 1 are needed (are the rows sorted by it?)"
        )
    comment = f"1 in {percent(clicks, len(values))} of {len(values):,} rows sampled"
    return CheckedLabel(block, values, comment)


def _parse(text: str, columns: Mapping[str, Column]) -> Label:
    if text in columns or not text.startswith("{"):
        return Label(column=text)
    try:
        return Label.model_validate(yaml.safe_load(text))
    except (yaml.YAMLError, pydantic.ValidationError) as error:
        raise InputError(
            f"--label {shown(text, 80)}: not a label block; expected a column's name "
            "or, for example, '{column: tips, greater_than: 0}'"
        ) from error


def _check_column(name: str, columns: Mapping[str, Column]) -> None:
    if name not in columns:
        raise InputError(
            f"--label: no column {name!r}; columns found: {listed(columns, most=50)}"
        )
    column = columns[name]
    if not column.is_number:
        held = [] if column.family == "other" else column.distinct_values
        raise InputError(
            f"--label: column {name!r} holds {listed(held) or 'no values'} "
            f"({column.type_name}); allowed: the numbers 0 and 1"
        )
    if column.missing:
        raise InputError(
            f"--label: column {name!r} is missing in {column.missing:,} of "
            f"{column.rows:,} rows sampled; each row needs a label"
        )


def _with_threshold(block: Label, columns: Mapping[str, Column]) -> Label:
    """The block, with a threshold where two numbers other than 0 and 1 need one."""
    column = columns[block.column]
    if block.greater_than is not None:
        return block
    values = sorted(column.distinct_values)
    if set(values) <= {0, 1}:
        return block
    if len(values) == 2:
        return Label(column=block.column, greater_than=float(values[0]))
    raise InputError(
        f"--label: column {block.column!r} holds {len(values):,} distinct numbers from "
        f"{number(values[0])} to {number(values[-1])}; allowed: 0 and 1. To make a "
        "label of it, give the label block with a threshold (greater_than): "
        f"--label '{{column: {block.column}, greater_than: 0}}'"
    )


def _derive(block: Label, columns: Mapping[str, Column]) -> Ints:
    values = columns[block.column].numbers
    if block.greater_than is None:
        return values.astype(np.int64)
    threshold: float | Floats = block.greater_than
    if block.times is not None:
        threshold = threshold * columns[block.times].numbers
    return (values > threshold).astype(np.int64)
