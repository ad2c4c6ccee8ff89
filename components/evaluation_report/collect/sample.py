"""A sample of the raw eval split, as the model's signatures take it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import tensorflow as tf
from tfx_bsl.coders.example_coder import ExamplesToRecordBatchDecoder

from components.shared.shards import shards_in
from config.features import Feature, Features, ItemSequence, Numeric
from config.values.lists import flat

Column = npt.NDArray[np.generic]


@dataclass(frozen=True)
class Sample:
    """Raw examples.

    Attributes:
      columns: The features, an element for each example: float32 with NaN for a
        missing value, or bytes with b"" for one; a multi-valued feature has a second
        dimension, padded with b"".
      labels: 0 or 1 for each example.
    """

    columns: Mapping[str, Column]
    labels: npt.NDArray[np.int64]


def read_sample(
    split_uri: str, features: Features, label: str, size: int, most: int
) -> Sample:
    """Reads every n-th example, so that all of the files are represented.

    Args:
      split_uri: Folder of a split.
      features: The features to read.
      label: Name of the label.
      size: Number of examples in the split.
      most: Maximum number of examples.
    """
    step = -(-size // most)
    records = tf.data.TFRecordDataset(shards_in(split_uri), "GZIP").shard(step, 0)
    examples = list(records.as_numpy_iterator())
    batch = ExamplesToRecordBatchDecoder().DecodeBatch(examples)
    return Sample(
        {name: _column(batch, name, feature) for name, feature in features.items()},
        flat(pa.chunked_array([batch[label]]))[1].to_numpy().astype(np.int64),
    )


def present_items(row: Sequence[bytes], feature: Feature) -> list[bytes]:
    """The values of a list without padding, of a sequence those that are kept."""
    items = [text for text in row if text]
    return items[-feature.max_length :] if isinstance(feature, ItemSequence) else items


def _column(batch: pa.RecordBatch, name: str, feature: Feature) -> Column:
    many = getattr(feature, "many", False)
    rows, places, values = _present(batch, name)
    width = max(1, places.max(initial=0) + 1) if many else 1
    if isinstance(feature, Numeric):
        column: Column = np.full((batch.num_rows, width), np.nan, np.float32)
    else:
        column = np.full((batch.num_rows, width), b"", object)
    column[rows, places] = values
    return column if many else column[:, 0]


def _present(
    batch: pa.RecordBatch, name: str
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Column]:
    """The values of a feature, with the row and the place in it of each."""
    if name not in batch.schema.names:  # no example has a value
        nothing = np.zeros(0, np.int64)
        return nothing, nothing, nothing
    rows, values = flat(pa.chunked_array([batch[name]]))
    places = np.arange(len(rows)) - np.searchsorted(rows, rows)
    return rows, places, values.to_numpy(zero_copy_only=False)
