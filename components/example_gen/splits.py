"""Which split a row falls into."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from components.example_gen.canonical import cast
from components.example_gen.lists import flat, has_repeats
from pipeline.config.examples import EVAL, TRAIN, HashSplit
from pipeline.errors import InputError


def split_rows(table: pa.Table, split: HashSplit) -> dict[str, npt.NDArray[Any]]:
    """Splits rows by the hash of a column.

    SHA-256, as in TFX's own ExampleGen: the same value falls into the same split on
    every machine, in every run and in every format.

    Args:
      table: Rows that hold the column.
      split: The column and the shares.

    Returns:
      For each split a mask: bool [rows].

    Raises:
      InputError: The column holds several values in a row, or what is no text.
    """
    rows, values = flat(table.column(split.column))
    if has_repeats(rows):
        raise InputError(
            f"examples.hash_split.column: {split.column!r} holds several values in a "
            "row; choose a column with one"
        )
    keys = np.full(table.num_rows, b"", dtype=object)
    texts = cast(split.column, values, pa.string())
    keys[rows] = texts.cast(pa.binary()).to_numpy(zero_copy_only=False)
    encoded = pa.array(keys, pa.binary()).dictionary_encode()
    buckets = np.array(
        [_bucket(key, split.train + split.eval) for key in encoded.dictionary.tolist()],
        dtype=np.int64,
    )
    trains = buckets[encoded.indices.to_numpy()] < split.train
    return {TRAIN: trains, EVAL: ~trains}


def _bucket(key: bytes, buckets: int) -> int:
    return int.from_bytes(hashlib.sha256(key).digest(), "big") % buckets
