"""Layers that several models are made of.

Their names have a dot, which no column's name has: a column's name is its input's, and
Keras wants names to be unique in a model.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import keras

from pipeline.config.columns import MISSING_ID
from trainer.inputs import ModelInputs


class PooledEmbedding(keras.layers.Layer):
    """Embeds ids, and pools the vectors of a multi-valued column.

    Maps int64 [batch] to float32 [batch, size]; int64 [batch, values] is pooled over
    the values that are not padding, and an example without any becomes zeros.
    """

    def __init__(
        self,
        num_ids: int,
        size: int,
        *,
        pooling: Literal["mean", "sum"] = "mean",
        initializer: str = "uniform",
        l2: float = 0.0,
        **kwargs: Any,
    ):
        """Builds the layer.

        Args:
          num_ids: Number of rows of the table.
          size: Length of its vectors.
          pooling: How the vectors of an example are pooled.
          initializer: Keras name of the table's initial values.
          l2: Strength of L2 on the vectors that a batch looks up.
          **kwargs: Passed to the base layer.
        """
        super().__init__(**kwargs)
        self._pooling = pooling
        self._embedding = keras.layers.Embedding(
            num_ids,
            size,
            embeddings_initializer=initializer,
            # On the output, so that rows that a batch does not use are left alone.
            activity_regularizer=keras.regularizers.L2(l2) if l2 else None,
        )

    def call(self, ids: keras.KerasTensor) -> keras.KerasTensor:
        """Looks the ids up."""
        vectors = self._embedding(ids)
        if len(ids.shape) == 1:
            return vectors
        present = keras.ops.cast(keras.ops.not_equal(ids, MISSING_ID), vectors.dtype)
        total = keras.ops.sum(vectors * keras.ops.expand_dims(present, 2), axis=1)
        if self._pooling == "sum":
            return total
        count = keras.ops.sum(present, axis=1, keepdims=True)
        return total / keras.ops.maximum(count, 1.0)


def stack(
    inputs: ModelInputs, tensors: dict[str, keras.KerasTensor], l2: float
) -> keras.KerasTensor:
    """The embeddings of all columns but crosses, and the numbers, side by side.

    Args:
      inputs: The columns.
      tensors: The Keras input of each column.
      l2: Strength of L2 on the embeddings that a batch looks up.

    Returns:
      float32 [batch, sum of the embedding sizes + number of numbers].
    """
    embedded = [
        PooledEmbedding(
            column.num_ids,
            column.embedding_size,
            l2=l2,
            name=f"deep.embedding.{column.name}",
        )(tensors[column.name])
        for column in inputs.single_ids
    ]
    numbers = [
        keras.layers.Reshape((1,), name=f"deep.number.{name}")(tensors[name])
        for name in inputs.numbers
    ]
    return keras.layers.concatenate([*embedded, *numbers], name="deep.stack")


def mlp(
    tensor: keras.KerasTensor,
    hidden_units: Sequence[int],
    *,
    dropout: float,
    batch_norm: bool,
    kernel_l2: float = 0.0,
) -> keras.KerasTensor:
    """Hidden layers: dense, batch norm, ReLU, dropout; [batch, last units]."""
    regularizer = keras.regularizers.L2(kernel_l2) if kernel_l2 else None
    for number, units in enumerate(hidden_units, start=1):
        tensor = keras.layers.Dense(
            units,
            use_bias=not batch_norm,
            kernel_regularizer=regularizer,
            name=f"deep.dense.{number}",
        )(tensor)
        if batch_norm:
            tensor = keras.layers.BatchNormalization(name=f"deep.norm.{number}")(tensor)
        tensor = keras.layers.ReLU(name=f"deep.relu.{number}")(tensor)
        if dropout:
            tensor = keras.layers.Dropout(dropout, name=f"deep.dropout.{number}")(
                tensor
            )
    return tensor
