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


def _items(sparse: tf.SparseTensor, feature: Discrete) -> tf.RaggedTensor:
    """The values of each example, without empty ones, of a sequence the last ones."""
    rows, texts = sparse.indices[:, 0], sparse.values
    if feature.delimiter is not None:
        pieces = tf.strings.split(texts, sep=feature.delimiter)
        rows, texts = tf.gather(rows, pieces.value_rowids()), pieces.flat_values
    filled = tf.reshape(tf.where(tf.not_equal(texts, "")), [-1])
    items = tf.RaggedTensor.from_value_rowids(
        tf.gather(texts, filled),
        tf.gather(rows, filled),
        nrows=sparse.dense_shape[0],
        # Rows of a SparseTensor are in order: a check would only cost each request.
        validate=False,
    )
    return items[:, -feature.max_length :] if isinstance(feature, ItemSequence) else items


def _first_values(
    features: Sequence[tf.SparseTensor], missing: float | str
) -> list[tf.Tensor]:
    """The first value of each row, of each feature: [batch].

    ExampleGen has seen to it that there is no other.
    """
    if not features:
        return []
    # A feature without any value in the batch has no column.
    shapes = tf.maximum(tf.stack([each.dense_shape for each in features]), [0, 1])
    together = tf.sparse.concat(
        1,
        [
            tf.SparseTensor(each.indices, each.values, shape)
            for each, shape in zip(features, tf.unstack(shapes), strict=True)
        ],
    )
    values = tf.sparse.to_dense(together, default_value=missing)
    first = tf.cumsum(shapes[:, 1], exclusive=True)
    return tf.unstack(tf.gather(values, first, axis=1), len(features), axis=1)
