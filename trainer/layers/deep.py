"""Deep part of a model: embeddings and numbers, concatenated, and dense layers."""

from __future__ import annotations

import keras
import numpy as np
import numpy.typing as npt

from config.model import Deep, Mlp
from trainer.data.inputs import IdInput, KerasTensors, ModelInputs
from trainer.layers.attention import AttentionPooling
from trainer.layers.batch import batch_norm
from trainer.layers.dice import Dice
from trainer.layers.embedding import PooledEmbedding


def embeddings(
    inputs: ModelInputs, tensors: KerasTensors, settings: Deep
) -> list[keras.KerasTensor]:
    """Embeds each column of ids but crosses, float32 [batch, size] each.

    A sequence has the table of the column that it is like.
    """
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
    embedded = {name: table(tensors[name]) for name, table in tables.items()}
    for column in inputs.uncrossed_ids:
        if column.like is not None:
            table, target = tables[column.like], embedded[column.like]
            ids = tensors[column.name]
            embedded[column.name] = _sequence(column, table, target, ids, settings)
    return [embedded[column.name] for column in inputs.uncrossed_ids]


def _sequence(
    column: IdInput,
    table: PooledEmbedding,
    target: keras.KerasTensor,
    ids: keras.KerasTensor,
    settings: Deep,
) -> keras.KerasTensor:
    """Pools the vectors of a sequence, float32 [batch, size]."""
    if settings.sequence_pooling == "mean":
        return table(ids)
    attention = AttentionPooling(
        settings.attention_units,
        softmax=settings.attention_softmax,
        kernel_regularizer=_l2(settings.kernel_l2),
        name=attention_name(column),
    )
    pooled, _ = attention(target, table(ids, pooled=False), ids)
    return pooled


def attention_name(column: IdInput) -> str:
    """Name of the layer that pools a sequence by attention."""
    return f"deep.attention.{column.name}"


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
        numbers = batch_norm("deep.norm.numbers")(numbers)
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
      activation: `dice`, `prelu`, or Keras's name of another activation.

    Returns:
      float32 [batch, units].
    """
    tensor = dense(units, f"deep.dense.{name}", settings, not settings.batch_norm)(
        tensor
    )
    if settings.batch_norm:
        tensor = batch_norm(f"deep.norm.{name}")(tensor)
    tensor = _activation(activation, f"deep.activation.{name}")(tensor)
    if settings.dropout:
        tensor = keras.layers.Dropout(settings.dropout, name=f"deep.dropout.{name}")(
            tensor
        )
    return tensor


def _activation(activation: str, name: str) -> keras.layers.Layer:
    match activation:
        case "dice":
            return Dice(name=name)
        case "prelu":
            return keras.layers.PReLU(name=name)
    return keras.layers.Activation(activation, name=name)


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


def _l2(strength: float) -> keras.regularizers.Regularizer | None:
    return keras.regularizers.L2(strength) if strength else None
