"""Reads tf.Examples; the only module of this package that needs TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import tensorflow as tf
from google.protobuf.message import DecodeError

from pipeline.errors import InputError


def read_tfrecord(path: Path, limit: int) -> pa.Table:
    """Reads the first tf.Examples of a file.

    Args:
      path: A TFRecord file, gzip-compressed or not.
      limit: Most examples to read.

    Returns:
      One row for each example. A feature that never holds more than one value is a
      plain column, any other a column of lists.

    Raises:
      InputError: The file does not hold tf.Examples.
    """
    compression = "GZIP" if path.name.endswith(".gz") else ""
    dataset = tf.data.TFRecordDataset(str(path), compression_type=compression)
    try:
        examples = [
            tf.train.Example.FromString(record)
            for record in dataset.take(limit).as_numpy_iterator()
        ]
    except (tf.errors.DataLossError, tf.errors.InvalidArgumentError) as error:
        raise InputError(f"{path}: not a TFRecord file, or a damaged one") from error
    except DecodeError as error:
        raise InputError(f"{path}: the records are not tf.Examples") from error
    names = sorted({name for example in examples for name in example.features.feature})
    return pa.table({name: _column(examples, name) for name in names})


def _column(examples: list[Any], name: str) -> pa.Array:
    lists = [_values(example.features.feature, name) for example in examples]
    if all(len(values) <= 1 for values in lists):
        return pa.array([values[0] if values else None for values in lists])
    return pa.array([values or None for values in lists])


def _values(features: Any, name: str) -> list[Any]:
    if name not in features:
        return []
    feature = features[name]
    kind = feature.WhichOneof("kind")
    if kind is None:
        return []
    values = list(getattr(feature, kind).value)
    if kind == "bytes_list":
        return [value.decode("utf-8", "replace") for value in values]
    return values
