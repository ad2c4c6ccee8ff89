"""Categorical and hashed features and sequences of their values: strings to ids."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import tensorflow as tf
import tensorflow_transform as tft

from config.columns import MISSING_ID
from config.features import Categorical, Hashed, ItemSequence
from config.names import tensor_name
from transform.values import Discrete, Terms, Texts

Ids: TypeAlias = tf.Tensor | tf.SparseTensor


def ids(terms: Terms, features: Mapping[str, Discrete]) -> dict[str, Ids]:
    """Looks strings up in vocabularies, or hashes them.

    Ids are from 1: `MISSING_ID` is that of a missing value. A sequence has those of the
    feature that it is like.

    Args:
      terms: The strings of the features.
      features: Their settings.

    Returns:
      By column: int64 [batch], or a SparseTensor [batch, values] of a multi-valued
      feature.
    """
    texts = terms.by_feature()
    found: dict[str, Texts] = {}
    for name, feature in features.items():
        if isinstance(feature, ItemSequence):
            continue
        look_up = _look_up(texts[name], feature, tensor_name(name))
        alike = [name, *_sequences(features, name)]
        found |= zip(
            alike, _together(look_up, [texts[each] for each in alike]), strict=True
        )
    columns: dict[str, Ids] = {
        tensor_name(name): (found[name] + 1).to_sparse() for name in terms.lists
    }
    if terms.names:
        from_1 = tf.stack([found[name] for name in terms.names]) + 1
        is_missing = tf.equal(terms.singles, "")
        known = tf.where(is_missing, tf.cast(MISSING_ID, tf.int64), from_1)
        columns |= zip(map(tensor_name, terms.names), tf.unstack(known), strict=True)
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
        _flat(texts),
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


def _together(
    function: Callable[[tf.Tensor], tf.Tensor], texts: Sequence[Texts]
) -> list[Texts]:
    """Applies a function of single strings to several tensors at once."""
    if len(texts) == 1:
        return [_with_flat(texts[0], function(_flat(texts[0])))]
    vectors = [_flat(each) for each in texts]
    sizes = [tf.size(each) for each in vectors]
    parts = tf.split(function(tf.concat(vectors, axis=0)), sizes, num=len(sizes))
    return [_with_flat(each, part) for each, part in zip(texts, parts, strict=True)]


def _flat(texts: Texts) -> tf.Tensor:
    """The strings as a vector."""
    return texts.flat_values if isinstance(texts, tf.RaggedTensor) else texts


def _with_flat(texts: Texts, flat: tf.Tensor) -> Texts:
    ragged = isinstance(texts, tf.RaggedTensor)
    return texts.with_flat_values(flat) if ragged else flat
