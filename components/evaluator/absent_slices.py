"""Slices of gates that the eval split lacks.

One that the training split has is "not enough data"; any other is an error.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence

import apache_beam as beam
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from apache_beam import pvalue

from components.evaluator.record import Metrics
from components.evaluator.slices import (
    SliceKey,
    slice_key,
    slice_name,
    slicing_name,
    slicing_of,
)
from config.errors import ConfigError, close_to_or_some
from config.evaluation import Gate


def absent_slices(gates: Sequence[Gate], metrics: Metrics) -> dict[str, SliceKey]:
    """Returns the slices of gates that were not measured, by key path."""
    named = {
        f"gates[{index}].slice": slice_key(gate.slice.items())
        for index, gate in enumerate(gates)
        if gate.slice is not None
    }
    return {
        where: key for where, key in named.items() if slice_name(key) not in metrics
    }


def check_found(
    absent: dict[str, SliceKey], found: Collection[SliceKey], metrics: Metrics
) -> None:
    """Checks that the training split has the slices that the eval split lacks.

    Args:
      absent: The slices, by key path.
      found: Slices of the training split.
      metrics: Metrics of the slices of the eval split.

    Raises:
      ConfigError: No split has an example of one.
    """
    for where, key in absent.items():
        if key not in found:
            name = slice_name(key)
            close = close_to_or_some(name, _like(key, metrics))
            raise ConfigError(f"{where}: got {name!r}, which no example has{close}")


def _like(key: SliceKey, metrics: Metrics) -> list[str]:
    """Returns the measured slices of the same columns, the largest first."""
    slicing = slicing_name(column for column, _ in key)
    same = [name for name in metrics if slicing_of(name) == slicing]
    return sorted(same, key=lambda name: metrics[name]["examples"] or 0, reverse=True)


def write_found(
    batches: pvalue.PCollection[pa.RecordBatch], wanted: Iterable[SliceKey], path: str
) -> None:
    """Writes those of some slices that have an example, as lines of JSON.

    Args:
      batches: Raw examples.
      wanted: The slices.
      path: The file.
    """
    _ = (
        batches
        | "Find" >> beam.FlatMap(found_in, tuple(wanted))
        | "Distinct" >> beam.Distinct()
        | "AsJson" >> beam.Map(json.dumps)
        | "Write" >> beam.io.WriteToText(path, num_shards=1, shard_name_template="")
    )


def read_found(lines: Iterable[str]) -> set[SliceKey]:
    """Reads the output of `write_found`."""
    return {tuple(map(tuple, json.loads(line))) for line in lines}


def found_in(batch: pa.RecordBatch, wanted: Iterable[SliceKey]) -> Iterator[SliceKey]:
    """Yields the slices that have an example in a batch of raw examples."""
    columns = set(batch.schema.names)
    for key in wanted:
        if columns.issuperset(column for column, _ in key):
            holds = [_rows_with(batch.column(column), text) for column, text in key]
            if np.logical_and.reduce(holds).any():
                yield key


def _rows_with(column: pa.Array, text: str) -> npt.NDArray[np.bool_]:
    """Returns True for each row of a column of lists that holds a value."""
    rows = np.zeros(len(column), np.bool_)
    values = column.flatten()
    equal = pc.equal(values, pa.scalar(text).cast(values.type))
    rows[pc.list_parent_indices(column).filter(equal).to_numpy()] = True
    return rows
