"""Rows of weights that start from old ones.

Which old row a new one starts from is an int64 array with one element for each new row.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import tensorflow as tf
import tensorflow_transform as tft

from trainer.data.inputs import ModelInputs

Rows = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Weights = npt.NDArray[np.float32]
# A name, and how many rows it has.
Segment = tuple[str, int]

# Of a row that has no old one.
NONE = -1


def positions(terms: pa.Array, vocabulary: pa.Array) -> Rows:
    """Returns the position of each term in a vocabulary, or `NONE`."""
    found = pc.index_in(terms, value_set=vocabulary)
    return found.fill_null(NONE).to_numpy(zero_copy_only=False).astype(np.int64)


def rows_by_term(
    known: Rows, terms: pa.Array, old_terms: int, old_rows: int, new_rows: int
) -> Rows:
    """The rows of a table with a vocabulary.

    In both tables there are the row of a missing value, those of the vocabulary, and
    the out-of-vocabulary rows. A term that was unknown starts from the
    out-of-vocabulary row that it was hashed to. Where the number of these rows
    changes, they start from the old ones in turn, which is where their values were
    hashed to if the number became a multiple.

    Args:
      known: Position of each new term in the old vocabulary, or `NONE`.
      terms: The new vocabulary.
      old_terms: Size of the old vocabulary.
      old_rows: Number of rows of the old table.
      new_rows: Number of rows of the new table.
    """
    unknown = 1 + old_terms
    buckets = old_rows - unknown
    # As tf.lookup.StaticVocabularyTable does, which Transform looks terms up in.
    hashed = tf.strings.to_hash_bucket_fast(terms.to_pylist(), buckets).numpy()
    of_terms = np.where(known == NONE, unknown + hashed, 1 + known)
    further = np.arange(new_rows - 1 - len(terms)) % buckets
    return np.concatenate([[0], of_terms, unknown + further])


def rows_by_name(old: Sequence[Segment], new: Sequence[Segment]) -> Rows:
    """The rows of a weight whose rows belong to names, so many to each.

    A name that is new, or has another number of rows, has `NONE`.
    """
    starts = {}
    start = 0
    for segment in old:
        starts[segment] = start
        start += segment[1]
    rows = [
        np.arange(segment[1]) + starts[segment]
        if segment in starts
        else np.full(segment[1], NONE)
        for segment in new
    ]
    return np.concatenate(rows) if rows else np.zeros(0, np.int64)


def number_segments(inputs: ModelInputs) -> list[Segment]:
    """Returns the columns that the rows of a weight on the numbers belong to."""
    return [(name, 1) for name in inputs.numbers]


def stack_segments(inputs: ModelInputs) -> list[Segment]:
    """Returns the columns of the rows of a weight on embeddings and numbers."""
    embeddings = [
        (column.name, column.embedding_size) for column in inputs.uncrossed_ids
    ]
    return embeddings + number_segments(inputs)


def vocabulary(transform: tft.TFTransformOutput, column: str) -> pa.Array:
    """The terms of a column, in the order of their ids; binary."""
    return pa.array(transform.vocabulary_by_name(column), pa.binary())


def assign_rows(variable: keras.Variable, values: Weights, rows: Rows) -> None:
    """Sets the rows of a variable to old ones.

    A row that has no old one keeps its initial values; but in a kernel it becomes 0, so
    that a column that is new leaves the model with the predictions of the old one.

    Args:
      variable: The new weight.
      values: The old one.
      rows: The old row of each new one, or `NONE`.
    """
    new = keras.ops.convert_to_numpy(variable).copy()
    if variable.name == "kernel":
        new[:] = 0.0
    new[rows != NONE] = values[rows[rows != NONE]]
    variable.assign(new)
