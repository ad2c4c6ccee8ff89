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
# string [batch, 1], empty where a value is missing; of a multi-valued feature string
# [batch, (values)].
Texts: TypeAlias = tf.Tensor | tf.RaggedTensor


def single_numbers(raw: Sequence[RawFeature]) -> tf.Tensor:
    """One number of each feature: float32 [batch, features], NaN where missing."""
    sparse = [_sparse(feature) for feature in raw]
    numbers = [each.with_values(tf.cast(each.values, tf.float32)) for each in sparse]
    return _first_values(numbers, float("nan"))


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
    texts: list[Texts] = [
        _items(sparse[name], feature)
        for name, feature in features.items()
        if feature.many
    ]
    if singles:
        texts.append(_first_values([sparse[name] for name in singles], ""))
    terms = together(vocabulary_terms, texts)
    columns = tf.split(terms.pop(), len(singles), axis=1) if singles else []
    lists = [name for name, feature in features.items() if feature.many]
    return dict(zip([*lists, *singles], [*terms, *columns], strict=True))


def together(
    function: Callable[[tf.Tensor], tf.Tensor], texts: Sequence[Texts]
) -> list[Texts]:
    """Applies a function of single strings to several tensors at once."""
    if len(texts) == 1 and not isinstance(texts[0], tf.RaggedTensor):
        return [function(texts[0])]
    if len(texts) < 2:
        return [_with_flat(each, function(flat(each))) for each in texts]
    vectors = [flat(each) for each in texts]
    sizes = [tf.size(each) for each in vectors]
    parts = tf.split(function(tf.concat(vectors, axis=0)), sizes, num=len(sizes))
    return [_with_flat(each, part) for each, part in zip(texts, parts, strict=True)]


def flat(texts: Texts) -> tf.Tensor:
    """The strings as a vector."""
    if isinstance(texts, tf.RaggedTensor):
        return texts.flat_values
    return tf.reshape(texts, [-1])


def _with_flat(texts: Texts, flat: tf.Tensor) -> Texts:
    if isinstance(texts, tf.RaggedTensor):
        return texts.with_flat_values(flat)
    return tf.reshape(flat, [-1, texts.shape[1]])


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
    texts, rows = tf.gather(texts, filled), tf.gather(rows, filled)
    # The rows of a SparseTensor are in order: TensorFlow's own way to the splits, which
    # does not know that, takes twice the operations, and its checks as many again.
    splits = tf.raw_ops.LowerBound(
        sorted_inputs=rows[tf.newaxis],
        values=tf.range(sparse.dense_shape[0] + 1)[tf.newaxis],
        out_type=tf.int64,
    )
    items = tf.RaggedTensor.from_row_splits(texts, splits[0], validate=False)
    if isinstance(feature, ItemSequence):
        return items[:, -feature.max_length :]
    return items


def _first_values(
    features: Sequence[tf.SparseTensor], missing: float | str
) -> tf.Tensor:
    """The first value of each row, of each feature: [batch, features].

    ExampleGen has seen to it that there is no other.
    """
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
    return tf.gather(values, tf.cumsum(shapes[:, 1], exclusive=True), axis=1)
