"""Rows and positives of the splits."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from config.errors import InputError
from config.parts import ExampleGenPart

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
