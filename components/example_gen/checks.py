"""Checks over all files: both classes in each split, and one kind of values a column.

The texts of values of different kinds differ, so that all files have to agree on one.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from config.errors import InputError
from config.parts import ExampleGenPart
from config.values.lists import flat

_log = logging.getLogger(__name__)


class Counts(NamedTuple):
    """Content of a split."""

    rows: int
    positives: int


def count_batch(batch: pa.RecordBatch, part: ExampleGenPart) -> Counts:
    """Counts the rows and positives of examples."""
    if part.label is None:
        return Counts(batch.num_rows, 0)
    labels = batch.column(batch.schema.get_field_index(part.label.name))
    return Counts(batch.num_rows, pc.sum(labels.flatten()).as_py() or 0)


def sum_counts(counts: Iterable[Counts]) -> Counts:
    """The combiner of counts."""
    rows, positives = 0, 0
    for count in counts:
        rows, positives = rows + count[0], positives + count[1]
    return Counts(rows, positives)


def check_split(counted: tuple[str, Counts], part: ExampleGenPart) -> None:
    """Checks that a split has examples of both classes.

    Raises:
      InputError: It has none, or its label is constant.
    """
    split, (rows, positives) = counted
    if rows == 0:
        raise InputError(
            f"examples: the split {split!r} is empty; check the files and how they are "
            "split"
        )
    if part.label is None:
        _log.info("%s: %s examples", split, f"{rows:,}")
        return
    if positives in (0, rows):
        raise InputError(
            f"label {part.label.column!r}: every one of the {rows:,} examples of the "
            f"split {split!r} is {min(positives, 1)}; both 0 and 1 are needed"
        )
    _log.info("%s: %s examples, click rate %.4f", split, f"{rows:,}", positives / rows)


def kinds_of(table: pa.Table, part: ExampleGenPart) -> dict[str, str]:
    """The kind of value in each column that is compared as text.

    A column of text agrees with all kinds, and one without values has none.
    """
    names = {name for name, column in part.columns.items() if column.type == "string"}
    if part.hash_split is not None and part.hash_split.column is not None:
        names.add(part.hash_split.column)
    columns = {name: table.column(name) for name in names}
    return {
        name: kind
        for name, column in columns.items()
        if (kind := _kind(_value_type(column.type))) and _has_values(column)
    }


def first_files(found: Iterable[dict[str, str]]) -> dict[str, str]:
    """The first file with each kind of a column: the combiner of such dicts."""
    firsts: dict[str, str] = {}
    for each in found:
        for kind, path in each.items():
            firsts[kind] = min(path, firsts.get(kind, path))
    return firsts


def check_one_kind(found: tuple[str, dict[str, str]]) -> None:
    """Checks that the files agree.

    Raises:
      InputError: They do not; the message names the column and a file of each kind.
    """
    column, firsts = found
    if len(firsts) > 1:
        received = " and ".join(
            f"{kind} in {path}" for kind, path in sorted(firsts.items())
        )
        raise InputError(
            f"column {column!r}: got {received}; one value would have several texts: "
            "write the column as one type in all files"
        )


def _value_type(kind: pa.DataType) -> pa.DataType:
    types = pa.types
    while types.is_list(kind) or types.is_large_list(kind) or types.is_dictionary(kind):
        kind = kind.value_type
    return kind


def _kind(kind: pa.DataType) -> str | None:
    if pa.types.is_boolean(kind):
        return "booleans"
    is_number = pa.types.is_integer(kind) or pa.types.is_floating(kind)
    if is_number or pa.types.is_decimal(kind):
        return "numbers"
    if pa.types.is_date(kind):
        return "dates"
    if pa.types.is_timestamp(kind):
        return "times with a time zone" if kind.tz else "times without a time zone"
    return None


def _has_values(column: pa.ChunkedArray) -> bool:
    """Returns True unless all values are null or NaN."""
    _, values = flat(column)
    if pa.types.is_floating(values.type):
        return bool(pc.any(pc.is_finite(values)).as_py())
    return len(values) > 0
