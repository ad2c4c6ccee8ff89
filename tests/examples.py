"""Rows as tf.Examples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf


def as_example(row: Mapping[str, Any]) -> tf.train.Example:
    """A row as ExampleGen writes it: texts as bytes, numbers as floats.

    Args:
      row: A value, or a list of values, by feature; None or an empty list is missing.
    """
    features = {}
    for name, value in row.items():
        values = _values(value)
        if not values:
            continue
        if isinstance(values[0], str):
            texts = tf.train.BytesList(value=[text.encode() for text in values])
            features[name] = tf.train.Feature(bytes_list=texts)
        else:
            floats = tf.train.FloatList(value=values)
            features[name] = tf.train.Feature(float_list=floats)
    return tf.train.Example(features=tf.train.Features(feature=features))


def _values(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]
