"""Deep part of a model: embeddings and numbers, concatenated, and dense layers."""

from __future__ import annotations

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from config.model import Deep, Mlp
from trainer.data.inputs import IdInput, KerasTensors, ModelInputs
from trainer.layers.embedding import PooledEmbedding

# Keras's 0.99 takes some 300 steps to forget the initial mean and variance: with few
# examples, an epoch has five.
_NORM_MOMENTUM = 0.9


def embeddings(
    inputs: ModelInputs, tensors: KerasTensors, settings: Deep
) -> list[keras.KerasTensor]:
    """Embeds each column of ids but crosses, float32 [batch, size] each."""
    tables = {
        column.name: PooledEmbedding(
            column.name,
            column.num_ids,
            column.embedding_size,
            shared_by=[each.name for each in inputs.sharing(column.name) if each.like],
            l2=_strengths(settings.embedding_l2, column),
            name=f"deep.embedding.{column.name}",
        )
        for column in inputs.uncrossed_ids
        if column.like is None
    }
    return [
        tables[column.owner](tensors[column.name]) for column in inputs.uncrossed_ids
    ]


def _strengths(l2: float, column: IdInput) -> float | npt.NDArray[np.float64]:
    return l2 if column.rates is None else l2 / column.rates


def stack(
    embedded: list[keras.KerasTensor],
    inputs: ModelInputs,
    tensors: KerasTensors,
    settings: Deep,
) -> keras.KerasTensor:
    """Concatenates embeddings and numbers, float32 [batch, sizes + numbers]."""
    if not inputs.numbers:
        return keras.layers.concatenate(embedded, name="deep.stack")
    numbers = inputs.stacked_numbers(tensors)
    if settings.batch_norm:
        numbers = _batch_norm("deep.norm.numbers")(numbers)
    return keras.layers.concatenate([*embedded, numbers], name="deep.stack")


def mlp(tensor: keras.KerasTensor, settings: Mlp) -> keras.KerasTensor:
    """Applies the hidden layers in turn.

    >>> from config.model import EmbeddingMlp
    >>> features = keras.Input([24])
    >>> mlp(features, EmbeddingMlp(hidden_units=(64, 32))).shape
    (None, 32)

    Args:
      tensor: float32 [batch, any].
      settings: Sizes, activation, batch norm, dropout and L2.

    Returns:
      float32 [batch, last of the hidden units].
    """
    for number, units in enumerate(settings.hidden_units, start=1):
        tensor = hidden_layer(tensor, units, str(number), settings, settings.activation)
    return tensor


def hidden_layer(
    tensor: keras.KerasTensor, units: int, name: str, settings: Deep, activation: str
) -> keras.KerasTensor:
    """Applies a dense layer, batch norm, activation and dropout.

    Args:
      tensor: float32 [batch, any].
      units: Size of the layer.
      name: Suffix of the layers' names, unique in the model.
      settings: Batch norm, dropout and L2.
      activation: Keras name of the activation.

    Returns:
      float32 [batch, units].
    """
    tensor = dense(units, f"deep.dense.{name}", settings, not settings.batch_norm)(
        tensor
    )
    if settings.batch_norm:
        tensor = _batch_norm(f"deep.norm.{name}")(tensor)
    tensor = keras.layers.Activation(activation, name=f"deep.activation.{name}")(tensor)
    if settings.dropout:
        tensor = keras.layers.Dropout(settings.dropout, name=f"deep.dropout.{name}")(
            tensor
        )
    return tensor


def dense(
    units: int, name: str, settings: Deep, use_bias: bool = True
) -> keras.layers.Layer:
    """Builds a dense layer with the L2 of the settings."""
    return keras.layers.Dense(
        units,
        use_bias=use_bias,
        kernel_regularizer=_l2(settings.kernel_l2),
        name=name,
    )


def _batch_norm(name: str) -> keras.layers.Layer:
    # Statistics of the whole batch. On one device they are the same without
    # synchronisation, and more exact.
    shared = tf.distribute.has_strategy()
    return keras.layers.BatchNormalization(
        momentum=_NORM_MOMENTUM, synchronized=shared, name=name
    )


def _l2(strength: float) -> keras.regularizers.Regularizer | None:
    return keras.regularizers.L2(strength) if strength else None
