"""Examples as ExampleGen writes them, transformed as they are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import tensorflow as tf
import tensorflow_transform as tft

Transformed: TypeAlias = Mapping[str, tf.Tensor | tf.SparseTensor]

# Files read at a time; part of what the order of the examples depends on.
_FILES = 4


def transformed_examples(
    patterns: Sequence[str], transform: tft.TFTransformOutput, size: int
) -> tf.data.Dataset:
    """Reads examples, always in the same order.

    Args:
      patterns: Globs of TFRecord files.
      transform: The Transform graph.
      size: Examples in a batch; the last one of a file has fewer.

    Returns:
      Batches of the columns after Transform, by name.
    """
    layer, spec = transform.transform_features_layer(), transform.raw_feature_spec()

    def transformed(records: tf.Tensor) -> Transformed:
        columns: Transformed = layer(tf.io.parse_example(records, spec))
        return columns

    files = tf.data.Dataset.list_files(list(patterns), shuffle=False)
    records = files.interleave(
        lambda file: tf.data.TFRecordDataset(file, "GZIP").batch(size),
        cycle_length=_FILES,
        num_parallel_calls=_FILES,
        deterministic=True,
    )
    # AutoGraph would convert all of TFT's layer, for several seconds and no gain.
    plain = tf.autograph.experimental.do_not_convert(transformed)
    return records.map(plain, num_parallel_calls=tf.data.AUTOTUNE)
