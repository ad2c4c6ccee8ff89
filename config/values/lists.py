"""Arrow columns as flat values with the row of each, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc


def flat(data: pa.ChunkedArray) -> tuple[npt.NDArray[Any], pa.Array]:
    """The values that are there, and the row of each: int64 [values]."""
    array = pa.concat_arrays(data.chunks) if data.num_chunks else pa.nulls(0)
    rows = np.arange(len(array))
    if pa.types.is_list(array.type) or pa.types.is_large_list(array.type):
        rows, array = flattened(array)
    present = pc.is_valid(array)
    return rows[present.to_numpy(zero_copy_only=False)], array.filter(present)


def flattened(array: pa.Array) -> tuple[npt.NDArray[Any], pa.Array]:
    """The values of all lists, and the row of each: int64 [values]."""
    # Not list_parent_indices: unlike list_flatten, it counts what a null may cover.
    lengths = pc.list_value_length(array).fill_null(0).to_numpy()
    return np.repeat(np.arange(len(array)), lengths), pc.list_flatten(array)


def has_repeats(rows: npt.NDArray[Any]) -> bool:
    """Returns True if ascending row numbers repeat."""
    return bool(np.any(np.diff(rows) == 0))


def lists(rows: npt.NDArray[Any], values: pa.Array, num_rows: int) -> pa.Array:
    """A list for each row; null, not empty, where a row has no value.

    tf.Example tells an absent feature from an empty one, and TFDV counts only the
    former as missing.
    """
    counts = np.bincount(rows, minlength=num_rows)
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    is_null = np.concatenate([counts == 0, [False]])
    return pa.ListArray.from_arrays(pa.array(offsets, mask=is_null), values)
