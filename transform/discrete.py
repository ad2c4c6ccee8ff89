"""Categorical and hashed features and sequences of their values: strings to ids."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import tensorflow as tf
import tensorflow_transform as tft

from config.columns import MISSING_ID
from config.features import Categorical, Hashed, ItemSequence
from config.names import tensor_name
from transform.values import Discrete, Texts, flat, together

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
        alike = [name, *_sequences(features, name)]
        found |= zip(
            alike, together(look_up, [texts[each] for each in alike]), strict=True
        )
    columns: dict[str, Ids] = {
        tensor_name(name): (each + 1).to_sparse()
        for name, each in found.items()
        if isinstance(each, tf.RaggedTensor)
    }
    singles = [name for name in found if tensor_name(name) not in columns]
    if singles:
        from_1 = tf.concat([found[name] for name in singles], axis=1) + 1
        is_missing = tf.equal(tf.concat([texts[name] for name in singles], axis=1), "")
        known = tf.where(is_missing, tf.cast(MISSING_ID, tf.int64), from_1)
        of_each = tf.unstack(known, axis=1)
        columns |= zip(map(tensor_name, singles), of_each, strict=True)
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
    """The function from strings to ids, here from 0.

    In a vocabulary, which is of the feature's own strings, the most frequent one is
    first; unknown ones are hashed behind.
    """
    if isinstance(feature, Hashed):
        return lambda flat: tf.strings.to_hash_bucket_fast(flat, feature.buckets)
    frequency = feature.min_frequency
    vocabulary = tft.vocabulary(
        flat(texts),
        top_k=feature.top_k,
        # TFT warns that a threshold of 1 does nothing.
        frequency_threshold=frequency if frequency > 1 else None,
        vocab_filename=name,
    )
    buckets = feature.oov_buckets
    if buckets > 1:
        return lambda flat: tft.apply_vocabulary(
            flat, vocabulary, num_oov_buckets=buckets
        )
    # There is nothing to hash.
    size = tft.experimental.get_vocabulary_size_by_name(name)
    return lambda flat: tft.apply_vocabulary(flat, vocabulary, default_value=size)
