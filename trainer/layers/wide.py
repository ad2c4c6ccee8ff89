"""Wide part of a model: a weight for each id, looked up and never one-hot encoded."""

from __future__ import annotations

from collections.abc import Iterable

import keras

from trainer.data.inputs import IdInput, KerasTensors
from trainer.layers.embedding import PooledEmbedding


def wide_logits(
    columns: Iterable[IdInput], tensors: KerasTensors
) -> list[keras.KerasTensor]:
    """Looks up the weights of each column's ids, float32 [batch, 1] each."""
    return [
        PooledEmbedding(
            column.name,
            column.num_ids,
            1,
            pooling="sum",
            initializer="zeros",
            name=f"wide.{column.name}",
        )(tensors[column.name])
        for column in columns
    ]
