"""Raw features as the kinds of features want them.

A raw feature is a SparseTensor of shape [batch, any], or a dense tensor of shape
[batch] or [batch, n] where a curated schema gives it a shape. Features are read
together: an operation costs more than its values in a request of a single example.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

import tensorflow as tf

from config.features import Categorical, Hashed, ItemSequence
from transform.texts import vocabulary_terms

RawFeature: TypeAlias = tf.SparseTensor | tf.Tensor
# A feature whose values have ids.
Discrete: TypeAlias = Categorical | Hashed | ItemSequence
# string [batch], empty where a value is missing; of a multi-valued feature string
# [batch, (values)].
Texts: TypeAlias = tf.Tensor | tf.RaggedTensor


def single_numbers(raw: Sequence[RawFeature]) -> tf.Tensor:
    """One number of each feature: float32 [features, batch], NaN where missing."""
    sparse = [_sparse(feature) for feature in raw]
    numbers = [each.with_values(tf.cast(each.values, tf.float32)) for each in sparse]
    return _first_values(numbers, float("nan"))


class Terms(NamedTuple):
    """Texts of features as a vocabulary has them.

    Attributes:
      singles: Those with one value, string [features, batch], empty where missing.
      names: Names of these features.
      lists: The others by name, string [batch, (values)] without empty ones: `a||b`
        and padding hold no value. Of a sequence they are the last ones.
    """

    singles: tf.Tensor
    names: list[str]
    lists: dict[str, tf.RaggedTensor]

    def by_feature(self) -> dict[str, Texts]:
        """The terms of each feature."""
        return self.lists | dict(zip(self.names, tf.unstack(self.singles), strict=True))


def feature_terms(
    raw: Mapping[str, RawFeature], features: Mapping[str, Discrete]
) -> Terms:
    """The terms of features.

    Args:
      raw: The raw features.
      features: The settings of those wanted.
    """
    sparse = {name: _sparse_texts(raw[name]) for name in features}
    lists = {
        name: _items(sparse[name], feature)
        for name, feature in features.items()
        if feature.many
    }
    names = [name for name in features if name not in lists]
    singles = (
        _first_values([sparse[name] for name in names], "")
        if names
        else tf.zeros([0, 0], tf.string)
    )
    return Terms(
        vocabulary_terms(singles),
        names,
        {
            name: items.with_flat_values(vocabulary_terms(items.flat_values))
            for name, items in lists.items()
        },
    )


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
    """The first value of each row, of each feature: [features, batch].

    ExampleGen has seen to it that there is no other.
    """
    # A feature without any value in the batch has no column.
    shapes = tf.stack([each.dense_shape for each in features])
    shape = tf.maximum(tf.reduce_max(shapes, axis=0), [0, 1])
    # One below the other their values are in order; side by side they would be sorted.
    together = tf.sparse.concat(
        0, [tf.SparseTensor(each.indices, each.values, shape) for each in features]
    )
    values = tf.sparse.to_dense(together, default_value=missing)
    return tf.reshape(values[:, 0], [len(features), -1])
