"""Categorical and hashed features and sequences of their values: strings to ids."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import tensorflow as tf
import tensorflow_transform as tft

from config.columns import MISSING_ID
from config.features import Categorical, Hashed, ItemSequence
from config.names import tensor_name
from transform.values import Discrete, Texts, flat_values, together

Ids: TypeAlias = tf.Tensor | tf.SparseTensor


def ids(texts: Mapping[str, Texts], features: Mapping[str, Discrete]) -> dict[str, Ids]:
    """Looks strings up in vocabularies, or hashes them.

    Ids are from 1: `MISSING_ID` is that of a missing value. A sequence has those of the
    feature that it is like.

    Args:
      texts: The strings of the features.
      features: Their settings.

    Returns:
      By column: int64 [batch], or a SparseTensor [batch, values] of a multi-valued
      feature.
    """
    found: dict[str, Texts] = {}
    for name, feature in features.items():
        if isinstance(feature, ItemSequence):
            continue
        look_up = _look_up(texts[name], feature, tensor_name(name))
        alike = {each: texts[each] for each in [name, *_sequences(features, name)]}
        found |= together(look_up, alike)
    columns: dict[str, Ids] = {
        tensor_name(name): each.to_sparse()
        for name, each in found.items()
        if isinstance(each, tf.RaggedTensor)
    }
    singles = [name for name in found if tensor_name(name) not in columns]
    if singles:
        stacked = tf.stack([found[name] for name in singles])
        is_missing = tf.equal(tf.stack([texts[name] for name in singles]), "")
        known = tf.where(is_missing, tf.cast(MISSING_ID, tf.int64), stacked)
        columns |= zip(map(tensor_name, singles), tf.unstack(known), strict=True)
    return columns


def _sequences(features: Mapping[str, Discrete], like: str) -> list[str]:
    return [
        name
        for name, feature in features.items()
        if isinstance(feature, ItemSequence) and feature.like == like
    ]


def _look_up(
    texts: Texts, feature: Categorical | Hashed, name: str
) -> Callable[[tf.Tensor], tf.Tensor]:
    """The function from strings to ids from 1.

    In a vocabulary, which is of the feature's own strings, the most frequent one is
    first; unknown ones are hashed behind.
    """
    if isinstance(feature, Hashed):
        return lambda flat: tf.strings.to_hash_bucket_fast(flat, feature.buckets) + 1
    frequency = feature.min_frequency
    vocabulary = tft.vocabulary(
        flat_values(texts),
        top_k=feature.top_k,
        # TFT warns that a threshold of 1 does nothing.
        frequency_threshold=frequency if frequency > 1 else None,
        vocab_filename=name,
    )
    buckets = feature.oov_buckets
    return lambda flat: (
        tft.apply_vocabulary(flat, vocabulary, num_oov_buckets=buckets) + 1
    )
