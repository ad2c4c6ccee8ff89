"""Raw features as the kinds of features want them.

A raw feature is a SparseTensor of shape [batch, any], or a dense tensor of shape
[batch] or [batch, n] where a curated schema gives it a shape. Features are read
together: an operation costs more than its values in a request of a single example.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import tensorflow as tf

from config.features import Categorical, Hashed, ItemSequence
from transform.texts import vocabulary_terms

RawFeature: TypeAlias = tf.SparseTensor | tf.Tensor
# A feature whose values have ids.
Discrete: TypeAlias = Categorical | Hashed | ItemSequence
# string [batch], empty where a value is missing; of a multi-valued feature string
# [batch, (values)].
Texts: TypeAlias = tf.Tensor | tf.RaggedTensor


def single_numbers(raw: Mapping[str, RawFeature]) -> dict[str, tf.Tensor]:
    """One number of each feature: float32 [batch], NaN where it is missing."""
    sparse = [_sparse(feature) for feature in raw.values()]
    numbers = [each.with_values(tf.cast(each.values, tf.float32)) for each in sparse]
    return dict(zip(raw, _first_values(numbers, float("nan")), strict=True))


def feature_terms(
    raw: Mapping[str, RawFeature], features: Mapping[str, Discrete]
) -> dict[str, Texts]:
    """The terms of features: their texts as a vocabulary has them.

    Args:
      raw: The raw features.
      features: The settings of those wanted.

    Returns:
      By feature. Lists have no empty strings: `a||b` and padding hold no value. Of a
      sequence they are the last ones.
    """
    sparse = {name: _sparse_texts(raw[name]) for name in features}
    singles = [name for name, feature in features.items() if not feature.many]
    texts = dict(
        zip(singles, _first_values([sparse[name] for name in singles], ""), strict=True)
    )
    for name, feature in features.items():
        if feature.many:
            texts[name] = _items(sparse[name], feature)
    return together(vocabulary_terms, texts)


def together(
    function: Callable[[tf.Tensor], tf.Tensor], texts: Mapping[str, Texts]
) -> dict[str, Texts]:
    """Applies a function of a vector to the texts of several features at once."""
    flat = [flat_values(each) for each in texts.values()]
    if len(flat) < 2:
        parts = list(map(function, flat))
    else:
        sizes = [tf.size(each) for each in flat]
        parts = tf.split(function(tf.concat(flat, axis=0)), sizes, num=len(flat))
    return {
        name: each.with_flat_values(part) if isinstance(each, tf.RaggedTensor) else part
        for (name, each), part in zip(texts.items(), parts, strict=True)
    }


def flat_values(texts: Texts) -> tf.Tensor:
    """The strings as a vector."""
    return texts.flat_values if isinstance(texts, tf.RaggedTensor) else texts


def _sparse(raw: RawFeature) -> tf.SparseTensor:
    """The feature as a SparseTensor [batch, values]."""
    if isinstance(raw, tf.SparseTensor):
        return raw
    dense = raw if raw.shape.rank == 2 else tf.expand_dims(raw, 1)
    # `tf.sparse.from_dense` would take 0 for missing.
    indices = tf.where(tf.ones_like(dense, tf.bool))
    return tf.SparseTensor(indices, tf.reshape(dense, [-1]), tf.shape(dense, tf.int64))


def _sparse_texts(raw: RawFeature) -> tf.SparseTensor:
    sparse = _sparse(raw)
    if sparse.dtype == tf.string:
        return sparse
    return sparse.with_values(tf.strings.as_string(sparse.values))


def _split(sparse: tf.SparseTensor, delimiter: str | None) -> tf.RaggedTensor:
    """The texts of each example, split at a delimiter: string [batch, (values)]."""
    rows, texts = sparse.indices[:, 0], sparse.values
    if delimiter is not None:
        pieces = tf.strings.split(texts, sep=delimiter)
        rows = tf.gather(rows, pieces.value_rowids())
        texts = pieces.flat_values
    return tf.RaggedTensor.from_value_rowids(texts, rows, nrows=sparse.dense_shape[0])


def _items(sparse: tf.SparseTensor, feature: Discrete) -> tf.RaggedTensor:
    """The values of each example, without empty ones, of a sequence the last ones."""
    texts = _split(sparse, feature.delimiter)
    filled = tf.ragged.boolean_mask(texts, tf.not_equal(texts, ""))
    if isinstance(feature, ItemSequence):
        return filled[:, -feature.max_length :]
    return filled


def _first_values(
    features: Sequence[tf.SparseTensor], missing: float | str
) -> list[tf.Tensor]:
    """The first value of each row, of each feature: [batch].

    ExampleGen has seen to it that there is no other.
    """
    if not features:
        return []
    together = tf.sparse.concat(0, features, expand_nonconcat_dims=True)
    size = tf.stack([together.dense_shape[0], tf.constant(1, tf.int64)])
    first = tf.sparse.slice(together, [0, 0], size)
    # The slice of an empty batch is narrower than asked for.
    first = tf.SparseTensor(first.indices, first.values, size)
    values = tf.sparse.to_dense(first, default_value=missing)
    return tf.unstack(tf.reshape(values, [len(features), -1]))
