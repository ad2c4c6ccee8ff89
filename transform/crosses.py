"""Crosses: combinations of features, hashed (Cheng et al. 2016, section 3.1)."""

from __future__ import annotations

from collections.abc import Mapping

import tensorflow as tf

from config.columns import bucket_name
from config.features import Cross, Features, Numeric
from config.names import tensor_name
from transform.discrete import Ids
from transform.values import RawFeature, many_texts, single_text


def crossed(
    cross: Cross,
    features: Features,
    raw: Mapping[str, RawFeature],
    transformed: Mapping[str, Ids],
) -> Ids:
    """Hashes the combinations of the features of each example.

    A missing value takes part as a value of its own; an example in which a
    multi-valued feature is empty has no combination.

    Args:
      cross: The features and the number of ids.
      features: The settings of all features.
      raw: The raw features.
      transformed: Transformed columns, with the buckets of numeric features.

    Returns:
      int64 [batch] with ids from 1, or a SparseTensor [batch, combinations] where a
      multi-valued feature takes part.
    """
    many = any(getattr(features[name], "many", False) for name in cross.features)
    parts = [_part(name, features, raw, transformed) for name in cross.features]
    ids = tf.sparse.cross_hashed(parts, num_buckets=cross.buckets)
    if many:
        return tf.SparseTensor(ids.indices, ids.values + 1, ids.dense_shape)
    return tf.reshape(ids.values + 1, [-1])


def _part(
    name: str,
    features: Features,
    raw: Mapping[str, RawFeature],
    transformed: Mapping[str, Ids],
) -> tf.Tensor | tf.SparseTensor:
    feature = features[name]
    if isinstance(feature, Numeric):
        return tf.expand_dims(transformed[tensor_name(bucket_name(name))], 1)
    if feature.many:
        return many_texts(raw[name], feature.delimiter).to_sparse()
    return tf.expand_dims(single_text(raw[name]), 1)
