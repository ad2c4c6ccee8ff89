"""Raw features as the kinds of features want them.

A raw feature is a SparseTensor of shape [batch, any], or a dense tensor of shape
[batch] or [batch, n] where a curated schema gives it a shape.
"""

from __future__ import annotations

from typing import TypeAlias

import tensorflow as tf

from transform.texts import vocabulary_terms

RawFeature: TypeAlias = tf.SparseTensor | tf.Tensor


def single_number(raw: RawFeature) -> tf.Tensor:
    """One number for each example: float32 [batch], NaN where it is missing."""
    if not isinstance(raw, tf.SparseTensor):
        # Not by way of a SparseTensor, which would take 0 for missing.
        return tf.cast(tf.reshape(raw, [-1]), tf.float32)
    values = tf.cast(raw.values, tf.float32)
    numbers = tf.SparseTensor(raw.indices, values, raw.dense_shape)
    return _first_column(numbers, float("nan"))


def single_text(raw: RawFeature) -> tf.Tensor:
    """One string for each example: string [batch], empty where it is missing."""
    return vocabulary_terms(_first_column(_sparse_texts(raw), ""))


def many_texts(raw: RawFeature, delimiter: str | None) -> tf.RaggedTensor:
    """The strings of each example, split at a delimiter: string [batch, (values)].

    Empty strings are left out, so that `a||b` and padding hold no value.
    """
    sparse = _sparse_texts(raw)
    rows, texts = sparse.indices[:, 0], sparse.values
    if delimiter is not None:
        pieces = tf.strings.split(texts, sep=delimiter)
        rows = tf.gather(rows, pieces.value_rowids())
        texts = pieces.flat_values
    texts = vocabulary_terms(texts)
    filled = tf.not_equal(texts, "")
    return tf.RaggedTensor.from_value_rowids(
        tf.boolean_mask(texts, filled),
        tf.boolean_mask(rows, filled),
        nrows=sparse.dense_shape[0],
    )


def _sparse_texts(raw: RawFeature) -> tf.SparseTensor:
    """The feature as strings: a SparseTensor of shape [batch, values]."""
    if isinstance(raw, tf.SparseTensor):
        return tf.SparseTensor(raw.indices, _as_texts(raw.values), raw.dense_shape)
    dense = raw if raw.shape.rank == 2 else tf.expand_dims(raw, 1)
    # As strings first: of numbers, a SparseTensor would take 0 for missing.
    return tf.sparse.from_dense(_as_texts(dense))


def _as_texts(values: tf.Tensor) -> tf.Tensor:
    return values if values.dtype == tf.string else tf.strings.as_string(values)


def _first_column(sparse: tf.SparseTensor, missing: float | str) -> tf.Tensor:
    """The first value of each row; ExampleGen has seen to it that there is no other."""
    size = tf.stack([sparse.dense_shape[0], tf.constant(1, tf.int64)])
    first = tf.sparse.slice(sparse, [0, 0], size)
    # The slice of an empty batch is narrower than asked for.
    first = tf.SparseTensor(first.indices, first.values, size)
    return tf.squeeze(tf.sparse.to_dense(first, default_value=missing), 1)
