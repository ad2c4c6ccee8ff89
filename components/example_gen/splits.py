"""Assignment of rows to splits, by a hash or by time."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from components.example_gen.canonical import texts_of
from components.example_gen.times import Start, time_keys
from config.errors import InputError
from config.examples import EVAL, TRAIN, HashSplit
from config.values.lists import flat, has_repeats


def split_rows(
    table: pa.Table, batch: pa.RecordBatch, split: HashSplit, first: int = 0
) -> dict[str, npt.NDArray[Any]]:
    """Splits rows by a hash of a column, or of the whole row and its number.

    SHA-256, as in TFX's own ExampleGen: the same value falls into the same split on
    every machine, in every run and in every format.

    Args:
      table: The rows as they were read, which hold the column.
      batch: The same rows as examples, which are what is hashed without a column.
      split: The column and the shares.
      first: Number of the first row in its file. Without it equal rows would stay
        together, and those with a click be in another split than those without.

    Returns:
      For each split a mask: bool [rows].

    Raises:
      InputError: The column holds several values in a row, or what is no text.
    """
    if split.column is None:
        keys = _row_keys(batch, first)
    else:
        keys = _column_keys(split.column, table.column(split.column))
    encoded = keys.dictionary_encode()
    buckets = np.array(
        [_bucket(key, split.train + split.eval) for key in encoded.dictionary.tolist()],
        dtype=np.int64,
    )
    return masks_of(buckets[encoded.indices.to_numpy()] < split.train)


def split_by_time(
    table: pa.Table, column: str, start: Start
) -> dict[str, npt.NDArray[Any]]:
    """Splits rows by time: those from the start on evaluate, as a mask: bool [rows]."""
    form, keys = time_keys(column, table.column(column))
    if len(keys) and form != start.form:
        raise InputError(
            f"examples.time_split.column: {column!r} holds a {form} here and a "
            f"{start.form} elsewhere; write all times in one form"
        )
    return masks_of(keys < start.key)


def masks_of(trains: npt.NDArray[np.bool_]) -> dict[str, npt.NDArray[Any]]:
    """The masks of both splits."""
    return {TRAIN: trains, EVAL: ~trains}


def _column_keys(name: str, data: pa.ChunkedArray) -> pa.Array:
    """The bytes of each row's value; none where it is missing."""
    rows, values = flat(data)
    if has_repeats(rows):
        raise InputError(
            f"examples.hash_split.column: {name!r} holds several values in a row; "
            "choose a column with one"
        )
    keys = np.full(len(data), b"", dtype=object)
    texts = texts_of(name, values).cast(pa.binary()).fill_null(b"")
    keys[rows] = texts.to_numpy(zero_copy_only=False)
    return pa.array(keys, pa.binary())


def _row_keys(batch: pa.RecordBatch, first: int) -> pa.Array:
    """The bytes of each row: its number, and each column's number of values and values.

    The order of the columns in the configuration does not matter.
    """
    columns = [batch.column(name) for name in sorted(batch.schema.names)]
    pieces = [piece for column in columns for piece in _column_bytes(column)]
    pieces.append(_fixed_bytes(np.arange(first, first + batch.num_rows), "<i8"))
    return pc.binary_join_element_wise(*pieces, pa.scalar(b"", pa.binary()))


def _column_bytes(column: pa.ListArray) -> tuple[pa.Array, pa.Array]:
    lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy()
    values = _value_bytes(column.flatten())
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    joined = pc.binary_join(
        pa.ListArray.from_arrays(pa.array(offsets), values), pa.scalar(b"", pa.binary())
    )
    return _fixed_bytes(lengths, "<u4"), joined


def _value_bytes(values: pa.Array) -> pa.Array:
    """The bytes of each value, behind their number where it may differ."""
    if pa.types.is_integer(values.type):
        return _fixed_bytes(values.to_numpy(), "<i8")
    if pa.types.is_floating(values.type):
        # Minus zero is zero.
        return _fixed_bytes(values.to_numpy() + np.float32(0), "<f4")
    lengths = _fixed_bytes(pc.binary_length(values).to_numpy(), "<u4")
    return pc.binary_join_element_wise(lengths, values, pa.scalar(b"", pa.binary()))


def _fixed_bytes(numbers: npt.NDArray[Any], dtype: str) -> pa.Array:
    """Numbers as their bytes, the same on every machine."""
    data = np.ascontiguousarray(numbers, dtype=dtype)
    kind = pa.binary(data.itemsize)
    array = pa.Array.from_buffers(kind, len(data), [None, pa.py_buffer(data)])
    return array.cast(pa.binary())


def _bucket(key: bytes, buckets: int) -> int:
    return int.from_bytes(hashlib.sha256(key).digest(), "big") % buckets
