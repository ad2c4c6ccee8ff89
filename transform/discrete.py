"""Categorical and hashed features: strings to ids."""

from __future__ import annotations

from typing import TypeAlias

import tensorflow as tf
import tensorflow_transform as tft

from config.columns import MISSING_ID
from config.features import Categorical, Hashed
from transform.values import Texts

Ids: TypeAlias = tf.Tensor | tf.SparseTensor


def ids(texts: Texts, feature: Categorical | Hashed, name: str) -> Ids:
    """Looks strings up in a vocabulary, or hashes them.

    Ids are from 1: `MISSING_ID` is that of a missing value.

    Args:
      texts: The strings of the feature.
      feature: Its settings.
      name: Names the vocabulary.

    Returns:
      int64 [batch], or a SparseTensor [batch, values] of a multi-valued feature.
    """

    def look_up(flat: tf.Tensor) -> tf.Tensor:
        if isinstance(feature, Categorical):
            return _vocabulary_ids(flat, feature, name) + 1
        return tf.strings.to_hash_bucket_fast(flat, feature.buckets) + 1

    if isinstance(texts, tf.RaggedTensor):
        return texts.with_flat_values(look_up(texts.flat_values)).to_sparse()
    missing = tf.cast(MISSING_ID, tf.int64)
    return tf.where(tf.equal(texts, ""), missing, look_up(texts))


def _vocabulary_ids(texts: tf.Tensor, feature: Categorical, name: str) -> tf.Tensor:
    """Ids from 0, the most frequent string first; unknown ones are hashed behind."""
    frequency = feature.min_frequency
    return tft.compute_and_apply_vocabulary(
        texts,
        top_k=feature.top_k,
        # TFT warns that a threshold of 1 does nothing.
        frequency_threshold=frequency if frequency > 1 else None,
        num_oov_buckets=feature.oov_buckets,
        vocab_filename=name,
    )
