"""Categorical and hashed features: strings to ids."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import tensorflow as tf
import tensorflow_transform as tft

from config.columns import MISSING_ID
from config.features import Categorical, Hashed
from transform.values import RawFeature, many_texts, single_text

Ids: TypeAlias = tf.Tensor | tf.SparseTensor


def categorical(raw: RawFeature, feature: Categorical, name: str) -> Ids:
    """Looks strings up in a vocabulary.

    The most frequent string has id 1; unknown strings are hashed to the ids behind
    the vocabulary's.

    Args:
      raw: The raw feature.
      feature: Its settings.
      name: Names the vocabulary.

    Returns:
      int64 [batch], or a SparseTensor [batch, values] of a multi-valued feature.
    """
    # TFT warns that a threshold of 1 does nothing.
    threshold = feature.min_frequency if feature.min_frequency > 1 else None

    def look_up(texts: tf.Tensor) -> tf.Tensor:
        return tft.compute_and_apply_vocabulary(
            texts,
            top_k=feature.top_k,
            frequency_threshold=threshold,
            num_oov_buckets=feature.oov_buckets,
            vocab_filename=name,
        )

    return _to_ids(raw, feature, look_up)


def hashed(raw: RawFeature, feature: Hashed) -> Ids:
    """Hashes strings to ids from 1 to the number of buckets.

    Args:
      raw: The raw feature.
      feature: Its settings.

    Returns:
      int64 [batch], or a SparseTensor [batch, values] of a multi-valued feature.
    """

    def look_up(texts: tf.Tensor) -> tf.Tensor:
        return tf.strings.to_hash_bucket_fast(texts, feature.buckets)

    return _to_ids(raw, feature, look_up)


def _to_ids(
    raw: RawFeature,
    feature: Categorical | Hashed,
    look_up: Callable[[tf.Tensor], tf.Tensor],
) -> Ids:
    """Shifts the ids by one, which frees 0 for a missing value."""
    if feature.many:
        texts = many_texts(raw, feature.delimiter)
        return texts.with_flat_values(look_up(texts.flat_values) + 1).to_sparse()
    text = single_text(raw)
    missing = tf.cast(MISSING_ID, tf.int64)
    return tf.where(tf.equal(text, ""), missing, look_up(text) + 1)
