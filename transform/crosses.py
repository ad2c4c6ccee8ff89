"""Crosses: combinations of features, hashed (Cheng et al. 2016, section 3.1)."""

from __future__ import annotations

from collections.abc import Mapping

import tensorflow as tf

from config.columns import bucket_name
from config.features import Cross
from config.names import tensor_name
from transform.discrete import Ids
from transform.values import Texts


def crossed(
    cross: Cross, texts: Mapping[str, Texts], transformed: Mapping[str, Ids]
) -> Ids:
    """Hashes the combinations of the features of each example.

    A missing value takes part as a value of its own; an example in which a
    multi-valued feature is empty has no combination.

    Args:
      cross: The features and the number of ids.
      texts: The strings of all features that have some.
      transformed: Transformed columns, with the buckets of numeric features.

    Returns:
      int64 [batch] with ids from 1, or a SparseTensor [batch, combinations] where a
      multi-valued feature takes part.
    """
    parts = [_part(name, texts, transformed) for name in cross.features]
    ids = tf.sparse.cross_hashed(parts, num_buckets=cross.buckets)
    if any(isinstance(part, tf.SparseTensor) for part in parts):
        return ids.with_values(ids.values + 1)
    return ids.values + 1


def _part(
    name: str, texts: Mapping[str, Texts], transformed: Mapping[str, Ids]
) -> tf.Tensor | tf.SparseTensor:
    if name not in texts:
        return tf.expand_dims(transformed[tensor_name(bucket_name(name))], 1)
    if isinstance(texts[name], tf.RaggedTensor):
        return texts[name].to_sparse()
    return tf.expand_dims(texts[name], 1)
